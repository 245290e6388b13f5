import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit

/// The end of a rebuild: waits until the projectors have brought the new version level, compares, and swaps.
///
/// The new version equals the log by its making. Where the old one differs it was the old one that was wrong, which is
/// told and no reason to keep it.
struct RebuildSwap {
    private static let comparePatience: Int64 = 5_000
    private static let samples: Int32 = 200

    let builder: RebuildBuilder
    let target: RebuildJob.Target

    init(_ builder: RebuildBuilder, _ target: RebuildJob.Target) {
        self.builder = builder
        self.target = target
    }

    func run(on connection: PostgresConnection) throws {
        let bell = Bell()
        var active = try findActive(on: connection)
        try waitUntilLevel(active?.version, bell, on: connection)
        if let active, active.fold == builder.job.projection.version {
            try compare(with: active.version, bell, builder.job.projection, on: connection)
        }
        while try !swap(active?.version, on: connection) {
            try builder.progress.check()
            bell.wait(milliseconds: 20)
            active = try findActive(on: connection)
        }
        builder.setup.logger.notice("rebuild answers from now on", metadata: builder.metadata(target))
    }

    private func findActive(on connection: PostgresConnection) throws -> (version: Int32, fold: Int32)? {
        var name = PostgresParameters()
        name.append(builder.job.name)
        let rows = try connection.query(Statement.findActive, name)
        return rows.count > 0 ? (try rows.int32(0, 0), try rows.int32(0, 1)) : nil
    }

    private func lanes(
        _ active: Int32?, on connection: PostgresConnection
    ) throws -> (areLevel: Bool, areEqual: Bool) {
        let rows = try connection.query(Statement.compareLanes, parameters(active))
        return (try rows.bool(0, 0), try rows.bool(0, 1))
    }

    private func parameters(_ active: Int32?) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(builder.job.name)
        parameters.append(active ?? -1)
        parameters.append(target.version)
        return parameters
    }

    private func waitUntilLevel(_ active: Int32?, _ bell: Bell, on connection: PostgresConnection) throws {
        while try !lanes(active, on: connection).areLevel {
            try builder.progress.check()
            let id = (builder.job.name, target.version)
            if let alarm = builder.state.alarms.first(where: { ($0.projection, $0.version) == id }) {
                throw RebuildFailure(text: "the new version cannot be kept level: \(alarm.text)")
            }
            builder.state.ring()
            bell.wait(milliseconds: 50)
        }
    }

    // MARK: Compare

    /// Compares both versions in one snapshot in which they are at the same positions.
    private func compare<P: Projection>(
        with active: Int32, _ bell: Bell, _ projection: P, on connection: PostgresConnection
    ) throws {
        let begin = Pace.nowMilliseconds
        while Pace.nowMilliseconds - begin < Self.comparePatience {
            try builder.progress.check()
            let found = try connection.transaction { connection -> [String]? in
                try connection.execute(script: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                guard try lanes(active, on: connection).areEqual else { return nil }
                return try differences(active, projection, on: connection)
            }
            guard let found else {
                bell.wait(milliseconds: 20)
                continue
            }
            for difference in found {
                builder.setup.logger.warning(
                    "the version that is replaced was not what the log says",
                    metadata: ["projection": "\(projection.name)", "found": "\(difference)"])
            }
            return
        }
        builder.setup.logger.notice(
            "the version that is replaced stands still, and is not compared",
            metadata: ["projection": "\(projection.name)"])
    }

    private func differences<P: Projection>(
        _ active: Int32, _ projection: P, on connection: PostgresConnection
    ) throws -> [String] {
        var found: [String] = []
        if let main = BulkLoad(projection.sql.upsert), main.columns.contains("version") {
            // An erased person's rows are blank where they were seen alive, and absent where they never were.
            let condition = !projection.foldsWholeStreams && main.columns.contains("view") ? "view IS NOT NULL" : "true"
            let (old, new) = (
                try RowCount(table(main, active), where: condition, on: connection),
                try RowCount(table(main, target.version), where: condition, on: connection)
            )
            if old != new {
                found.append(
                    "\(old.rows) rows with versions of \(old.versions) in all, now \(new.rows) and \(new.versions)")
            }
            let different = try sample(main, active, projection, on: connection)
            if different > 0 { found.append("\(different) of \(Self.samples) sampled streams have other rows") }
        }
        return found
    }

    private func table(_ main: BulkLoad, _ version: Int32) -> String {
        ProjectionSQL.text(main.table, suffix: "\(version)")
    }

    /// How many of some streams, beginning anywhere, have other rows, their views opened.
    private func sample<P: Projection>(
        _ main: BulkLoad, _ active: Int32, _ projection: P, on connection: PostgresConnection
    ) throws -> Int {
        var generator = SystemRandomNumberGenerator()
        var parameters = PostgresParameters()
        parameters.append(StreamID(high: generator.next(), low: 0))
        parameters.append(Self.samples)
        let chosen = try connection.query(
            Statement.onTable(PackageResources.sample_streams_sql, table(main, active), [.uuid, .int4]), parameters)
        let streams: [StreamID] = try (0..<chosen.count).map { try chosen.id($0, 0) }
        guard !streams.isEmpty else { return 0 }
        let keys = StreamKeys(keyring: builder.setup.keyring, log: builder.setup.log, limit: 1)
        try keys.gather(streams, purged: [], on: connection)
        let (old, new) = (
            try rows(streams, active, projection, keys, on: connection),
            try rows(streams, target.version, projection, keys, on: connection)
        )
        return streams.filter { old[$0] != new[$0] }.count
    }

    private func rows<P: Projection>(
        _ streams: [StreamID], _ version: Int32, _ projection: P, _ keys: StreamKeys,
        on connection: PostgresConnection
    ) throws -> [StreamID: [StoredRow]] {
        var parameters = PostgresParameters()
        parameters.append(Column.ids(streams))
        let load = PostgresStatement(
            ProjectionSQL.text(projection.sql.load, suffix: "\(version)"), parameterTypes: [.uuidArray])
        let rows = try connection.query(load, parameters)
        var found: [StreamID: [StoredRow]] = [:]
        for row in 0..<rows.count {
            let stream: StreamID = try rows.id(row, 0)
            guard case .living(let key, _) = keys[stream], !rows.isNull(row, 3) else { continue }
            let ordinal = try rows.int32(row, 1)
            let view = try? key.open(try rows.bytes(row, 3), at: .view(projection.viewPlace(ordinal: ordinal)))
            found[stream, default: []].append(
                StoredRow(ordinal: ordinal, version: try rows.int32(row, 2), view: view, isBlank: false))
        }
        return found.mapValues { $0.sorted { $0.ordinal < $1.ordinal } }
    }

    // MARK: Swap

    /// Swaps the states, with the lanes of both versions held, when the new one is nowhere behind the old.
    private func swap(_ active: Int32?, on connection: PostgresConnection) throws -> Bool {
        guard try lanes(active, on: connection).areLevel else { return false }
        do {
            return try connection.transaction { connection in
                try connection.query(Statement.lockBoth, parameters(active))
                guard try findActive(on: connection)?.version == active,
                    try lanes(active, on: connection).areLevel
                else { return false }
                var name = PostgresParameters()
                name.append(builder.job.name)
                try connection.query(Statement.retireActive, name)
                name.append(target.version)
                try connection.query(Statement.activate, name)
                try builder.end(on: connection)
                return true
            }
        } catch let error as PostgresError where error.sqlState == "55P03" || error.sqlState == "40P01" {
            return false
        }
    }
}
