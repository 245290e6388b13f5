import Crypto
import Glibc
public import Logging
public import Migrations
public import PostgresClient

/// Brings a database's schema from wherever it is to what this program needs.
///
/// Each step commits together with its record, so a killed migrator leaves whole steps behind. Locks are waited for
/// only briefly and then asked for again, so that no ALTER queues the readers of a serving system behind itself.
///
/// It blocks, and belongs on a thread of its own.
public struct Migrator: Sendable {
    /// How long to wait for what stands in the way.
    public struct Patience: Sendable {
        /// How long another migrator may take.
        public var otherMigrator: Duration = .seconds(60)
        /// How often a step is tried whose locks others hold.
        public var attempts = 20
        /// How long to wait between two tries.
        public var pause: Duration = .milliseconds(500)

        /// The defaults.
        public init() {}
    }

    private let migrations: [Migration]
    private let patience: Patience
    private let logger: Logger

    /// A migrator of these steps, which are numbered from 1 without gap.
    public init(_ migrations: [Migration] = Migrations.all, patience: Patience = Patience(), logger: Logger) {
        self.migrations = migrations
        self.patience = patience
        self.logger = logger
    }

    /// How the session of a migrator behaves: short waits for locks, any time for the work itself.
    public static func session(url: String) -> PostgresConfiguration {
        PostgresConfiguration(
            url: url, applicationName: "account-ledger migrate", lockTimeoutMilliseconds: 1000,
            statementTimeoutMilliseconds: 0)
    }

    /// The steps that are outstanding, in their order; changes nothing.
    ///
    /// - Throws: ``MigrationFailure`` when the applied steps are not a beginning of ours, `PostgresError`.
    public func outstanding(on connection: PostgresConnection) throws -> [Migration] {
        let applied = try records(on: connection)
        for (index, record) in applied.enumerated() {
            guard record.number == Int32(index + 1) else { throw MigrationFailure.gap(before: Int(record.number)) }
            guard index < migrations.count else { break }
            guard record.checksum == Self.checksum(of: migrations[index]) else {
                throw MigrationFailure.changed(number: index + 1, name: record.name)
            }
        }
        guard applied.count <= migrations.count else {
            throw MigrationFailure.newerDatabase(found: applied.count, known: migrations.count)
        }
        return Array(migrations[applied.count...])
    }

    /// Refuses a database whose schema is not exactly what this program needs.
    ///
    /// - Throws: ``MigrationFailure``, `PostgresError`.
    public func check(on connection: PostgresConnection) throws {
        let missing = try outstanding(on: connection)
        guard missing.isEmpty else {
            throw MigrationFailure.olderDatabase(found: migrations.count - missing.count, known: migrations.count)
        }
    }

    /// Applies what is outstanding.
    ///
    /// - Returns: the steps that were applied, in their order.
    /// - Throws: ``MigrationFailure``, `PostgresError`. Whole steps before the failure stand.
    @discardableResult
    public func migrate(on connection: PostgresConnection) throws -> [Migration] {
        guard try !outstanding(on: connection).isEmpty else { return [] }
        try lock(connection)
        defer { try? connection.execute(script: Statement.unlockMigrations) }
        // Looked at again: another migrator may have been at work while we waited.
        let missing = try outstanding(on: connection)
        for migration in missing {
            try apply(migration, on: connection)
            logger.debug(
                "applied a migration", metadata: ["number": "\(migration.number)", "name": "\(migration.name)"])
        }
        if let last = missing.last {
            logger.info(
                "brought the schema up to date",
                metadata: ["migrations": "\(missing.count)", "to": "\(last.number)"])
        }
        return missing
    }

    private struct Record {
        let number: Int32
        let name: String
        let checksum: [UInt8]
    }

    private func records(on connection: PostgresConnection) throws -> [Record] {
        guard try connection.query(Self.findTable).bool(0, 0) else { return [] }
        let rows = try connection.query(Self.findRecords)
        return try (0..<rows.count).map { row in
            Record(number: try rows.int32(row, 0), name: try rows.string(row, 1), checksum: try rows.bytes(row, 2))
        }
    }

    /// A lock of the session, so that it goes with a migrator that dies.
    private func lock(_ connection: PostgresConnection) throws {
        let deadline = ContinuousClock.now + patience.otherMigrator
        while try !connection.query(Self.tryLock).bool(0, 0) {
            guard ContinuousClock.now < deadline else { throw MigrationFailure.busy }
            Self.pause(.milliseconds(50))
        }
    }

    private func apply(_ migration: Migration, on connection: PostgresConnection) throws {
        for attempt in 1... {
            do {
                return try connection.transaction { connection in
                    if migration.number == 1 { try connection.execute(script: Statement.makeMigrationsTable) }
                    try connection.execute(script: migration.sql)
                    try connection.execute(script: Self.record(of: migration))
                }
            } catch let error as PostgresError {
                guard error.isRetriable, attempt < patience.attempts else {
                    if error.kind != .server { throw error }
                    throw MigrationFailure.failed(
                        number: migration.number, name: migration.name, reason: error.message, hint: error.hint)
                }
                logger.notice("a migration waits for locks", metadata: ["number": "\(migration.number)"])
                Self.pause(patience.pause)
            }
        }
    }

    /// Written as the owner, to whom the first step gives the table.
    private static func record(of migration: Migration) -> String {
        Statement.recordMigration.replacing("{number}", with: "\(migration.number)")
            .replacing("{name}", with: migration.name)
            .replacing("{checksum}", with: hex(checksum(of: migration)))
    }

    private static func checksum(of migration: Migration) -> [UInt8] { Array(SHA256.hash(data: migration.bytes)) }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func pause(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }

    // By the catalogue, since to_regclass would ask for rights on the schema.
    private static let findTable = PostgresStatement(Statement.findMigrationsTable, isReadOnly: true)
    private static let findRecords = PostgresStatement(Statement.findMigrations, isReadOnly: true)
    private static let tryLock = PostgresStatement(Statement.lockMigrations)
}
