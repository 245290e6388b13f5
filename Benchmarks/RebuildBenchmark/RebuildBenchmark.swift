import AccountDomain
import AccountsProjection
import ArgumentParser
import EventCoding
import FoundationEssentials
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit
import Projector

/// Measures a rebuild of `accounts` against the ways in which the same table could be made otherwise.
@main struct RebuildBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rebuild a read model and print the rates as JSON.",
        discussion: """
            Reads LEDGER_OWNER_URL (a superuser's, of a database with an empty log), LEDGER_MASTER_KEY_FILE and \
            LEDGER_KEYRING_FILE. Fills the log first, which is not measured. Then: the rebuild; the ordinary projector \
            from the first event on; over a copy of the events in clear, upserts that SQL folds in slices, and CREATE TABLE \
            AS with the same indexes; and upserts of finished rows in batches, without any fold.
            """)

    @Option(help: "Events in the log.")
    var events = 1_000_000

    @Option(help: "Accounts whose events they are.")
    var accounts = 100_000

    @Option(help: "Threads of the rebuild; the cores when not given.")
    var jobs: Int?

    @Option(help: "Memory of the rebuild in MiB.")
    var memory = 300

    @Flag(help: "Sizes for a look: 100,000 events over 10,000 accounts.")
    var quick = false

    @Flag(help: "Rebuild only, in a log that was filled before.")
    var rebuildOnly = false

    mutating func run() async throws {
        if quick { (events, accounts) = (100_000, 10_000) }
        let setting = try Setting.read()
        var session = PostgresConfiguration(
            url: setting.url, applicationName: "rebuild benchmark", statementTimeoutMilliseconds: 0,
            idleInTransactionTimeoutMilliseconds: 0)
        session.synchronousCommit = "off"
        let connection = try PostgresConnection(session)
        if !rebuildOnly {
            try connection.execute(script: text(PackageResources.plain_sql))
            try FilledLog(accounts: accounts, events: events, keyring: setting.keyring, connection: connection).fill()
        }
        let projection = AccountsProjection(master: setting.master)
        var results: [(String, Double)] = [("events", Double(events)), ("accounts", Double(accounts))]

        let rebuild = try await rebuild(projection, setting, on: connection)
        results.append(("rebuild_seconds", rebuild.seconds))
        results.append(("rebuild_events_per_second", Double(events) / rebuild.seconds))
        if !rebuildOnly {
            // The SQL that it is compared with is to have all the memory that it can use.
            try connection.execute(script: "SET work_mem = '512MB'; SET jit = off")
            let slices = try upsertSlices(of: 1_000, rebuild.version, on: connection)
            results.append(("slice_seconds", slices))
            let largeSlices = try upsertSlices(of: 10_000, rebuild.version, on: connection)
            results.append(("large_slice_seconds", largeSlices))
            let upserts = try upsert(rebuild.version, on: connection)
            results.append(("upsert_seconds", upserts))
            let projector = try await project(projection, setting, on: connection)
            results.append(("projector_seconds", projector))
            let setBased = try time { try connection.execute(script: text(PackageResources.set_based_sql)) }
            results.append(("set_based_seconds", setBased))
            results.append(("times_faster_than_projector", projector / rebuild.seconds))
            results.append(("times_faster_than_slices", slices / rebuild.seconds))
            results.append(("times_faster_than_large_slices", largeSlices / rebuild.seconds))
            results.append(("times_faster_than_upserts", upserts / rebuild.seconds))
            results.append(("of_set_based", setBased / rebuild.seconds))
        }
        results.append(("peak_resident_mib", Double(Self.peakResidentKiB) / 1024))
        print("{" + results.map { "\"\($0.0)\":\(($0.1 * 1000).rounded() / 1000)" }.joined(separator: ",") + "}")
    }

    private func text(_ file: [UInt8]) -> String { String(decoding: file, as: UTF8.self) }

    private func time(_ body: () throws -> Void) rethrows -> Double {
        let begin = ContinuousClock.now
        try body()
        return (ContinuousClock.now - begin) / .seconds(1)
    }

    // MARK: The ways

    private func makeProjector(
        _ projection: AccountsProjection, _ setting: Setting, rebuilding: RebuildSettings?
    ) -> Projector {
        Projector(
            configuration: PostgresConfiguration(url: setting.url, applicationName: "rebuild benchmark"),
            projections: [projection], keyring: LoadedKeyring(setting.keyring), workers: 2, listens: false,
            rebuilding: rebuilding, logger: Logger(label: "benchmark") { StreamLogHandler.standardError(label: $0) })
    }

    /// The time from the beginning of the work to the swap; the version that is replaced stays empty.
    private func rebuild(
        _ projection: AccountsProjection, _ setting: Setting, on connection: PostgresConnection
    ) async throws -> (seconds: Double, version: String) {
        var settings = RebuildSettings()
        settings.memoryBytes = memory << 20
        if let jobs { settings.jobs = jobs }
        try Projections.register(
            [projection], on: connection, logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() })
        try connection.execute(
            script: """
                UPDATE ledger.lanes SET position = (SELECT max(position) FROM ledger.events);
                INSERT INTO ledger.rebuilds (id, name, state) VALUES (gen_random_uuid(), 'accounts', 'requested')
                ON CONFLICT DO NOTHING;
                """)
        let projector = makeProjector(projection, setting, rebuilding: settings)
        try await running(projector) {
            try await wait(on: connection) {
                try value("SELECT count(*) FROM ledger.rebuilds WHERE state <> 'finished'", on: connection) == "0"
            }
        }
        let seconds = try value(
            "SELECT extract(epoch FROM finished_at - started_at) FROM ledger.rebuilds ORDER BY requested_at DESC LIMIT 1",
            on: connection)
        let version = try value(
            "SELECT version FROM ledger.projections WHERE name = 'accounts' AND state = 'active'", on: connection)
        return (Double(seconds) ?? 0, version)
    }

    /// The log from the first event on in slices, each folded and upserted by one statement.
    private func upsertSlices(of size: Int, _ version: String, on connection: PostgresConnection) throws -> Double {
        try connection.execute(script: ProjectionSQL.text(text(PackageResources.slice_table_sql), suffix: version))
        let statement = PostgresStatement(text(PackageResources.upsert_slice_sql), parameterTypes: [.int8, .int8])
        return try time {
            for first in stride(from: 0, to: events, by: size) {
                var parameters = PostgresParameters()
                parameters.append(Int64(first))
                parameters.append(Int64(min(events, first + size)))
                try connection.query(statement, parameters)
            }
        }
    }

    /// As many upserts as there are events, in batches, of rows that are there already.
    private func upsert(_ version: String, on connection: PostgresConnection) throws -> Double {
        try connection.execute(
            script: ProjectionSQL.text(text(PackageResources.upsert_table_sql), suffix: version))
        let statement = PostgresStatement(
            text(PackageResources.upsert_batch_sql), parameterTypes: [.int8, .int8, .int4])
        let batch = 5_000
        return try time {
            var written = 0
            var round: Int32 = 0
            while written < events {
                round += 1
                for first in stride(from: 0, to: accounts, by: batch) where written < events {
                    var parameters = PostgresParameters()
                    parameters.append(Int64(first))
                    parameters.append(Int64(min(accounts, first + batch)))
                    parameters.append(round)
                    try connection.query(statement, parameters)
                    written += min(batch, accounts - first)
                }
            }
        }
    }

    /// The ordinary projector from the first event on.
    private func project(
        _ projection: AccountsProjection, _ setting: Setting, on connection: PostgresConnection
    ) async throws -> Double {
        try connection.execute(
            script: """
                DELETE FROM ledger.projections;
                DROP TABLE rm.accounts_1, rm.account_lookups_1;
                """)
        let begin = ContinuousClock.now
        let projector = makeProjector(projection, setting, rebuilding: nil)
        try await running(projector) {
            try await wait(on: connection) {
                let (low, head) = (
                    try value("SELECT coalesce(min(position), 0) FROM ledger.lanes", on: connection),
                    try value("SELECT max(position) FROM ledger.events", on: connection)
                )
                return low == head
            }
        }
        return (ContinuousClock.now - begin) / .seconds(1)
    }

    // MARK: Waiting

    private func running(_ projector: Projector, _ body: () async throws -> Void) async throws {
        let task = Task { await projector.run() }
        defer { task.cancel() }
        try await body()
        task.cancel()
        await task.value
    }

    private func wait(on connection: PostgresConnection, _ isDone: () throws -> Bool) async throws {
        while try !isDone() { try await Task.sleep(for: .milliseconds(20)) }
    }

    private func value(_ sql: String, on connection: PostgresConnection) throws -> String {
        let rows = try connection.query(PostgresStatement("SELECT (\(sql))::text"))
        return rows.isNull(0, 0) ? "" : try rows.string(0, 0)
    }

    /// The most memory that this process ever had resident.
    private static var peakResidentKiB: Int {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return 0 }
        return Int(line.filter(\.isNumber)) ?? 0
    }
}

/// What the environment names.
private struct Setting {
    let url: String
    let master: MasterKey
    let keyring: Keyring

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    static func read() throws -> Setting {
        let master = String(decoding: try content(of: "LEDGER_MASTER_KEY_FILE"), as: UTF8.self)
        return Setting(
            url: try variable("LEDGER_OWNER_URL"), master: try MasterKey(text: master.filter { !$0.isWhitespace }),
            keyring: try Keyring(file: content(of: "LEDGER_KEYRING_FILE")))
    }

    private static func variable(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            throw Missing(description: "\(name) is not set")
        }
        return value
    }

    private static func content(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: try variable(name))))
    }
}
