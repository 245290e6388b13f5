import PostgresClient
import PostgresLedger
import TestSupport
import Transparency
import Verification

/// A copy of the sample log in the hands of somebody who may do anything: a superuser with triggers off.
final class TamperedLog: Sendable {
    let sample: SampleLog
    let database: TestDatabase

    init(sample: SampleLog, database: TestDatabase) {
        self.sample = sample
        self.database = database
    }

    deinit { try? database.drop() }

    func tamper(_ sql: String) throws {
        let connection = try PostgresConnection(database.configuration())
        defer { connection.close() }
        try connection.execute(
            script: """
                ALTER TABLE ledger.events DISABLE TRIGGER ALL;
                ALTER TABLE ledger.blobs DROP CONSTRAINT IF EXISTS blobs_check;
                \(sql)
                """)
    }

    func withConnection<T>(_ body: (PostgresConnection) throws -> T) throws -> T {
        let connection = try PostgresConnection(database.configuration())
        defer { connection.close() }
        return try body(connection)
    }

    /// Takes tiles and checkpoints away and seals what is there now with the log's own key.
    func sealAnew() throws {
        try tamper("DELETE FROM ledger.tiles; DELETE FROM ledger.checkpoints;")
        try withConnection { _ = try TestSealer(sample.key, $0).seal(sizes: [300], unsealed: 3) }
    }

    func verify(_ change: (inout VerificationConfiguration) -> Void = { _ in }) throws -> VerificationReport {
        var configuration = VerificationConfiguration(
            session: database.configuration(role: TestDatabase.gatewayRole))
        configuration.verifier = sample.key.verifier
        configuration.keys = database.keys
        change(&configuration)
        return try Verification(configuration).run()
    }
}
