import Accounts
import PostgresClient
import PostgresLedger
import TestSupport
import Testing

@Suite("Counters of attempts") struct AttemptTests {
    private static func take(
        _ store: PostgresAttempts, _ subject: String, attempts: Int = 5, refillSeconds: Int = 60
    ) async throws -> Int? {
        try await store.take(
            kind: "code", subject: Array(subject.utf8), attempts: attempts, refillSeconds: refillSeconds)
    }

    @Test func `of a thousand parallel guesses at two gateways five pass`() async throws {
        let database = try TestDatabase.make()
        defer { try? database.drop() }
        let configuration = database.configuration(role: TestDatabase.gatewayRole)
        let gateways = (0..<2).map { _ in PostgresAttempts(configuration, master: database.keys.master) }
        let passed = try await withThrowingTaskGroup(of: Bool.self) { tasks in
            for number in 0..<1000 {
                tasks.addTask { try await Self.take(gateways[number % 2], "alice") == nil }
            }
            return try await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(passed == 5)
        #expect(try await Self.take(gateways[0], "bob") == nil)
        for gateway in gateways { await gateway.close() }
    }

    @Test func `a later gateway knows of them, and is told how long to wait`() async throws {
        let database = try TestDatabase.make()
        defer { try? database.drop() }
        let configuration = database.configuration(role: TestDatabase.gatewayRole)
        let first = PostgresAttempts(configuration, master: database.keys.master)
        for _ in 0..<3 { #expect(try await Self.take(first, "alice", attempts: 3) == nil) }
        await first.close()
        let second = PostgresAttempts(configuration, master: database.keys.master)
        let seconds = try #require(try await Self.take(second, "alice", attempts: 3))
        #expect((1...60).contains(seconds))
        try await second.refund(kind: "code", subject: Array("alice".utf8), refillSeconds: 60)
        #expect(try await Self.take(second, "alice", attempts: 3) == nil)
        #expect(try await Self.take(second, "alice", attempts: 3) != nil)
        await second.close()
    }

    @Test func `rows name nobody, and go when they say nothing any more`() async throws {
        let database = try TestDatabase.make()
        defer { try? database.drop() }
        let store = PostgresAttempts(
            database.configuration(role: TestDatabase.gatewayRole), master: database.keys.master)
        _ = try await Self.take(store, "alice")
        _ = try await Self.take(store, "bob")
        let connection = try PostgresConnection(database.configuration())
        let rows = try connection.query(
            PostgresStatement("SELECT encode(key_hash, 'escape') FROM ledger.attempts"))
        #expect(rows.count == 2)
        for row in 0..<rows.count {
            let text = try rows.string(row, 0)
            #expect(!text.contains("alice") && !text.contains("bob"))
        }
        try connection.execute(
            script: """
                UPDATE ledger.attempts SET window_ends = now() - interval '2 minutes' WHERE ctid IN (
                  SELECT ctid FROM ledger.attempts LIMIT 1)
                """)
        try await store.sweep()
        #expect(try connection.query(PostgresStatement("SELECT 1 FROM ledger.attempts")).count == 1)
        connection.close()
        await store.close()
    }
}
