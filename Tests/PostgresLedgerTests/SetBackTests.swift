import AccountDomain
import Accounts
import Logging
import PostgresClient
import PostgresLedger
import TestSupport
import Testing

/// A database that is rolled back under a running gateway.
@Suite struct SetBackTests {
    private func setBack(_ database: TestDatabase, to position: Int64) throws {
        let connection = try PostgresConnection(database.configuration())
        defer { connection.close() }
        try connection.execute(
            script: """
                ALTER TABLE ledger.events DISABLE TRIGGER ALL;
                DELETE FROM ledger.events WHERE position > \(position);
                """)
    }

    @Test func `appends are refused, and stay so, when the log ends before what was read`() async throws {
        let database = try TestDatabase.make()
        let client = LogClient(database.configuration(role: TestDatabase.gatewayRole), keys: database.keys)
        let stream = LogClient.newStream()
        try await client.create(stream)
        for _ in 0..<5 { try await client.toggle(stream) }
        try setBack(database, to: 3)
        await #expect(throws: Failure.unavailable(retryAfterSeconds: 2)) { try await client.toggle(stream) }
        #expect(client.log.gate.reason != nil)
        await #expect(throws: Failure.unavailable(retryAfterSeconds: 30)) {
            try await client.create(LogClient.newStream())
        }
        await client.close()
        try database.drop()
    }

    @Test func `appends go on from what is left when that may be continued`() async throws {
        let database = try TestDatabase.make()
        var configuration = PostgresLog.Configuration()
        configuration.judgeSetBack = { nil }
        let client = LogClient(
            database.configuration(role: TestDatabase.gatewayRole), keys: database.keys, configuration)
        let stream = LogClient.newStream()
        try await client.create(stream)
        for _ in 0..<5 { try await client.toggle(stream) }
        try setBack(database, to: 3)
        await #expect(throws: Failure.self) { try await client.toggle(stream) }
        // The state is loaded anew: the third event deactivated or activated it, and the next version is the fourth.
        let appended = try await client.insist { () async throws(Failure) in try await client.toggle(stream) }
        #expect(appended.version == 4)
        #expect(appended.position == 4)
        #expect(client.log.gate.reason == nil)
        await client.close()
        try database.drop()
    }
}
