import Logging
import PostgresClient
import PostgresLedger
import TestSupport
import Transparency

@testable import PostgresTransparency

/// A log of its own for one test, filled by its owner and sealed by rounds.
final class SealedDatabase {
    let database: TestDatabase
    /// A superuser's session.
    let owner: PostgresConnection
    /// What the sealer signs with.
    let key: SigningKey
    private let gateway: PostgresConnection

    init() throws {
        guard let key = SigningKey(name: TestDatabase.origin, seed: [UInt8](repeating: 7, count: 32)) else {
            throw SealingFault(.malformed, at: 0, "no key")
        }
        self.key = key
        database = try TestDatabase.make()
        owner = try PostgresConnection(database.configuration())
        gateway = try PostgresConnection(
            SealerConfiguration(
                session: database.configuration(role: TestDatabase.gatewayRole), origin: TestDatabase.origin, key: key
            ).sealingSession)
    }

    deinit {
        owner.close()
        gateway.close()
        try? database.drop()
    }

    func configuration(key: SigningKey?, appended: AppendedLeaves? = nil, step: Int64 = 100_000) -> SealerConfiguration
    {
        var configuration = SealerConfiguration(
            session: database.configuration(role: TestDatabase.gatewayRole), origin: TestDatabase.origin, key: key)
        configuration.appended = appended
        configuration.step = step
        configuration.pauses = 1...5
        return configuration
    }

    func configuration(appended: AppendedLeaves? = nil, step: Int64 = 100_000) -> SealerConfiguration {
        configuration(key: key, appended: appended, step: step)
    }

    /// Appends events up to a size: four to a stream, every third with a box.
    func fill(to size: Int) throws {
        try owner.execute(
            script: """
                INSERT INTO ledger.events
                  (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data, secret,
                   secret_hash)
                SELECT i, '2026-01-01'::timestamptz + i * interval '7 microseconds', md5(((i - 1) / 4)::text)::uuid,
                       md5('c' || i)::uuid, (i - 1) % 4 + 1, 0, 'backup.replaced.v1',
                       convert_to('{"n":' || i || '}', 'UTF8'),
                       '{}', b.secret, sha256(b.secret)
                  FROM generate_series((SELECT coalesce(max(position), 0) + 1 FROM ledger.events), \(size)) i
                 CROSS JOIN LATERAL (SELECT CASE WHEN i % 3 = 0 THEN convert_to('box ' || i, 'UTF8') END AS secret) b
                """)
    }

    /// Changes rows as only a superuser can who means it.
    func tamper(_ script: String) throws {
        try owner.execute(
            script: """
                ALTER TABLE ledger.events DISABLE TRIGGER ALL;
                ALTER TABLE ledger.events_p000000000000000 DISABLE TRIGGER ALL;
                \(script);
                """)
    }

    /// One round after the other until nothing is left to seal.
    @discardableResult
    func seal(_ round: SealingRound) throws -> SealedCheckpoint? {
        while true {
            let outcome = try round.run(on: gateway, minimumPause: 0)
            guard outcome.sealed > 0 else { return outcome.newest }
        }
    }

    /// One round.
    func step(_ round: SealingRound) throws -> SealedCheckpoint? {
        try round.run(on: gateway, minimumPause: 0).newest
    }

    /// What one round comes to.
    func outcome(_ round: SealingRound) throws -> SealingRound.Outcome {
        try round.run(on: gateway, minimumPause: 0)
    }

    /// As above, by a sealer that knows nothing.
    @discardableResult
    func seal() throws -> SealedCheckpoint? { try seal(SealingRound(configuration())) }

    /// The fault that sealing ends with; the session is made anew, for a fault ends it.
    func faultOfSealing(_ configuration: SealerConfiguration? = nil) throws -> SealingFault? {
        let connection = try PostgresConnection(self.configuration().sealingSession)
        defer { connection.close() }
        do {
            _ = try SealingRound(configuration ?? self.configuration()).run(on: connection, minimumPause: 0)
            return nil
        } catch let fault as SealingFault {
            return fault
        }
    }

    /// A number that a query gives.
    func number(_ sql: String) throws -> Int64 {
        try owner.query(PostgresStatement("SELECT (\(sql))::int8")).int64(0, 0)
    }

    /// The leaf hashes as SQL makes them.
    func leaves() throws -> [TreeHash] {
        let rows = try owner.query(
            PostgresStatement("SELECT ledger.leaf_hash(e) FROM ledger.events e ORDER BY e.position"))
        return try (0..<rows.count).compactMap { TreeHash(bytes: try rows.bytes($0, 0)) }
    }

    /// How it is served.
    func served() -> (log: PostgresSealedLog, pipeline: PostgresPipeline) {
        let pipeline = PostgresPipeline(database.configuration(role: TestDatabase.gatewayRole), name: "served")
        return (PostgresSealedLog(log: 0, reader: pipeline), pipeline)
    }
}

/// The tree as RFC 6962, section 2.1, defines it, word by word.
enum DefinedTree {
    static func root(_ leaves: ArraySlice<TreeHash>) -> TreeHash {
        guard leaves.count > 1 else { return leaves.first ?? .empty }
        let middle = leaves.startIndex + split(leaves.count)
        return .node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    /// The largest power of two below the count.
    private static func split(_ count: Int) -> Int {
        var split = 1
        while split * 2 < count { split *= 2 }
        return split
    }
}
