import EmbeddedPostgres
import EventCoding
import Glibc
import Logging
import Migrations
import PostgresClient
import PostgresLedger
import Synchronization
import Testing

@testable import AccountLedger

/// One cluster for all tests of the suite; each has a database of its own.
private enum Cluster {
    private static let running = Mutex<EmbeddedPostgres?>(nil)

    static let shared = Result { () throws -> (TemporaryDirectory, EmbeddedPostgres) in
        let home = try TemporaryDirectory()
        let configuration = EmbeddedPostgresConfiguration(home: home.path, settings: ["fsync": "off"])
        let server = try EmbeddedPostgres.start(configuration)
        running.withLock { $0 = server }
        atexit { Cluster.running.withLock { $0 }?.stop() }
        return (home, server)
    }

    static func url(_ database: String) throws -> String {
        try shared.get().1.connectionURL(user: "postgres", database: database)
    }

    /// A session in a new, empty database.
    static func database() throws -> (PostgresConnection, url: String) {
        let name = "m\(UInt64.random(in: 0 ... .max))"
        let connection = try PostgresConnection(Migrator.session(url: url("postgres")))
        try connection.execute(script: "CREATE DATABASE \(name)")
        connection.close()
        let url = try url(name)
        return (try PostgresConnection(Migrator.session(url: url)), url)
    }
}

@Suite("Migrator", .serialized) struct MigratorTests {
    private let migrator = Migrator(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

    private func failure(_ body: () throws -> Void) throws -> MigrationFailure? {
        do {
            try body()
            return nil
        } catch let error as MigrationFailure { return error }
    }

    @Test func `a fresh database is brought to the present, and a repeat does nothing`() throws {
        let (connection, _) = try Cluster.database()
        #expect(try migrator.outstanding(on: connection).map(\.number) == Migrations.all.map(\.number))
        #expect(
            try failure { try migrator.check(on: connection) }
                == .olderDatabase(found: 0, known: Migrations.all.count))
        #expect(try migrator.migrate(on: connection).map(\.number) == Migrations.all.map(\.number))
        #expect(try migrator.migrate(on: connection).isEmpty)
        try migrator.check(on: connection)
    }

    @Test func `what was applied is told in one line`() throws {
        let (connection, _) = try Cluster.database()
        let list = Messages.List()
        let migrator = Migrator(logger: Logger(label: "test") { _ in Messages(list: list) })
        try migrator.migrate(on: connection)
        try migrator.migrate(on: connection)
        #expect(list.texts.withLock { $0 } == ["brought the schema up to date"])
    }

    @Test func `a plan changes nothing`() throws {
        let (connection, _) = try Cluster.database()
        _ = try migrator.outstanding(on: connection)
        let rows = try connection.query(
            PostgresStatement("SELECT count(*) FROM pg_namespace WHERE nspname = 'ledger'"))
        #expect(try rows.int64(0, 0) == 0)
    }

    @Test func `of two migrators at once one does the work`() async throws {
        let url = try Cluster.database().url
        let migrator = migrator
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await onThread {
                        try migrator.migrate(on: PostgresConnection(Migrator.session(url: url))).count
                    }
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(counts.sorted() == [0, Migrations.all.count])
    }

    @Test func `another migrator is waited for only so long`() throws {
        let (other, url) = try Cluster.database()
        try other.execute(script: "SELECT pg_advisory_lock(1279607882, 0)")
        var patience = Migrator.Patience()
        patience.otherMigrator = .milliseconds(100)
        let hasty = Migrator(patience: patience, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let connection = try PostgresConnection(Migrator.session(url: url))
        #expect(try failure { try hasty.migrate(on: connection) } == .busy)
        #expect(try migrator.outstanding(on: connection).count == Migrations.all.count)
    }

    @Test func `a migration that changed since is refused`() throws {
        let (connection, _) = try Cluster.database()
        try migrator.migrate(on: connection)
        try connection.execute(script: "UPDATE ledger.migrations SET checksum = '\\x00' WHERE number = 5")
        #expect(try failure { try migrator.migrate(on: connection) } == .changed(number: 5, name: "events"))
        #expect(try failure { try migrator.check(on: connection) } == .changed(number: 5, name: "events"))
    }

    @Test func `a newer database is refused`() throws {
        let (connection, _) = try Cluster.database()
        try migrator.migrate(on: connection)
        let older = Migrator(
            Array(Migrations.all.dropLast()), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let expected = MigrationFailure.newerDatabase(found: Migrations.all.count, known: Migrations.all.count - 1)
        #expect(try failure { try older.migrate(on: connection) } == expected)
        #expect(try failure { try older.check(on: connection) } == expected)
        let explained = Database.explain(expected) as? CommandFailure
        #expect(explained?.status == .configuration)
        #expect(explained?.description.contains("newer version") ?? false)
    }

    @Test func `missing records are refused`() throws {
        let (connection, _) = try Cluster.database()
        try migrator.migrate(on: connection)
        try connection.execute(script: "DELETE FROM ledger.migrations WHERE number = 2")
        #expect(try failure { try migrator.check(on: connection) } == .gap(before: 3))
    }

    @Test func `a step that fails leaves the steps before it, and nothing of itself`() throws {
        let (connection, _) = try Cluster.database()
        try Migrator(Array(Migrations.all.prefix(2)), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            .migrate(on: connection)
        // In the way of step 3.
        try connection.execute(script: "CREATE TABLE ledger.epochs (x int)")
        let found = try failure { try migrator.migrate(on: connection) }
        guard case .failed(3, "epochs", _, _) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(try migrator.outstanding(on: connection).first?.number == 3)
        try connection.execute(script: "DROP TABLE ledger.epochs")
        try migrator.migrate(on: connection)
        try migrator.check(on: connection)
    }
}

@Suite("Log opening", .serialized) struct LogOpeningTests {
    private let keys = LedgerKeys(keyring: Keyring.make(), master: MasterKey.make())

    private func migrated() throws -> PostgresConnection {
        let (connection, _) = try Cluster.database()
        try Migrator(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }).migrate(on: connection)
        return connection
    }

    private func mismatch(_ body: () throws -> some Any) throws -> LogMismatch? {
        do {
            _ = try body()
            return nil
        } catch let error as LogMismatch { return error }
    }

    @Test func `a log is opened once and then recognised`() throws {
        let connection = try migrated()
        let opening = LogOpening(keys: keys)
        #expect(try LogOpening.origin(on: connection) == nil)
        #expect(try mismatch { try opening.check(origin: nil, on: connection) } == .notOpened)
        #expect(try opening.open(origin: "a/log", on: connection) == "a/log")
        #expect(try opening.open(origin: nil, on: connection) == "a/log")
        #expect(try opening.check(origin: "a/log", on: connection) == "a/log")
        #expect(try LogOpening.origin(on: connection) == "a/log")
    }

    @Test func `another name, master key or keyring is told apart, and nothing is written`() throws {
        let connection = try migrated()
        _ = try LogOpening(keys: keys).open(origin: "a/log", on: connection)
        #expect(
            try mismatch { try LogOpening(keys: keys).open(origin: "b/log", on: connection) }
                == .otherOrigin(stored: "a/log", configured: "b/log"))
        let otherMaster = LogOpening(keys: LedgerKeys(keyring: keys.keyring, master: MasterKey.make()))
        #expect(try mismatch { try otherMaster.check(origin: nil, on: connection) } == .wrongMasterKey)
        #expect(try mismatch { try otherMaster.open(origin: nil, on: connection) } == .wrongMasterKey)
        let otherKeyring = LogOpening(keys: LedgerKeys(keyring: Keyring.make(), master: keys.master))
        #expect(try mismatch { try otherKeyring.check(origin: nil, on: connection) } == .wrongKeyring(epoch: 1))
        #expect(try mismatch { try otherKeyring.open(origin: nil, on: connection) } == .wrongKeyring(epoch: 1))
    }

    @Test func `an epoch of the database that the keyring lacks is named`() throws {
        let connection = try migrated()
        _ = try LogOpening(keys: keys).open(origin: "a/log", on: connection)
        try connection.execute(script: "INSERT INTO ledger.epochs (epoch, check_value) VALUES (2, '\\x00')")
        #expect(try mismatch { try LogOpening(keys: keys).check(origin: nil, on: connection) } == .missingEpoch(2))
        try connection.execute(script: "UPDATE ledger.epochs SET retired_at = now() WHERE epoch = 2")
        #expect(try LogOpening(keys: keys).check(origin: nil, on: connection) == "a/log")
    }
}
