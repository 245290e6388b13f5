import AccountDomain
import Accounts
import EventCoding
import PostgresClient
import PostgresLedger
import TestSupport
import Testing

/// Rewrapping may stop anywhere and go on; what it does not open it leaves alone.
@Suite(.serialized) struct KeyEpochsTests {
    private func made(_ count: Int, _ database: TestDatabase) async throws {
        let client = LogClient(database.configuration(role: TestDatabase.gatewayRole), keys: database.keys)
        for _ in 0..<count { try await client.create(LogClient.newStream()) }
        await client.close()
    }

    private func owner(_ database: TestDatabase) throws -> PostgresConnection {
        let connection = try PostgresConnection(database.configuration())
        try connection.execute(script: "SET ROLE ledger_owner")
        return connection
    }

    @Test func `a stopped rewrapping goes on where it ended`() async throws {
        let database = try TestDatabase.make()
        defer { try? database.drop() }
        let connection = try owner(database)
        defer { connection.close() }
        let streams = (0..<1_200).map { _ in LogClient.newStream() }
        for stream in streams {
            let wrapped = database.keys.keyring.wrap(.draw(log: 0, stream: stream), log: 0, stream: stream).wrapped
            let hex = wrapped.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            try connection.execute(
                script: "INSERT INTO ledger.subject_keys VALUES (0, '\(stream)', 1, '\\x\(hex)')")
        }
        let epochs = KeyEpochs()
        let keyring = database.keys.keyring.adding(2)
        try epochs.register(2, of: keyring, on: connection)
        let stopped = try epochs.rewrap(under: keyring, on: connection) { _ in false }
        #expect(stopped == KeyEpochs.Outcome(rewrapped: 500, unreadable: 0, left: 700))
        var told: [Int64] = []
        let finished = try epochs.rewrap(under: keyring, on: connection) { done in
            told.append(done)
            return true
        }
        #expect(finished == KeyEpochs.Outcome(rewrapped: 700, unreadable: 0, left: 0) && told == [500, 700])
        #expect(try epochs.counted(on: connection).map(\.living) == [0, 1_200])
        let rows = try connection.query(
            PostgresStatement("SELECT stream_id, wrapped FROM ledger.subject_keys WHERE epoch = 2 LIMIT 10"))
        let only = try #require(keyring.removing(1))
        for row in 0..<rows.count {
            _ = try only.unwrap(rows.bytes(row, 1), epoch: 2, log: 0, stream: rows.id(row, 0))
        }
        try epochs.retire(1, on: connection)
        #expect(try KeyEpochs.known(on: connection).map(\.isRetired) == [true, false])
    }

    @Test func `a key that does not open stays as it is, and holds its epoch`() async throws {
        let database = try TestDatabase.make()
        defer { try? database.drop() }
        try await made(3, database)
        let connection = try owner(database)
        defer { connection.close() }
        try connection.execute(
            script: "UPDATE ledger.subject_keys SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) "
                + "WHERE stream_id = (SELECT min(stream_id::text)::uuid FROM ledger.subject_keys)")
        let epochs = KeyEpochs()
        let keyring = database.keys.keyring.adding(2)
        try epochs.register(2, of: keyring, on: connection)
        let outcome = try epochs.rewrap(under: keyring, on: connection) { _ in true }
        #expect(outcome == KeyEpochs.Outcome(rewrapped: 2, unreadable: 1, left: 1))
        let error = #expect(throws: PostgresError.self) { try epochs.retire(1, on: connection) }
        #expect(error?.sqlState == "LG006")
    }

    @Test func `one rotation goes on at a time`() throws {
        let database = try TestDatabase.make()
        defer { try? database.drop() }
        let (first, second) = (try owner(database), try owner(database))
        #expect(try KeyEpochs().lockRotation(on: first))
        #expect(try !KeyEpochs().lockRotation(on: second))
        first.close()
        #expect(try waitFor { try KeyEpochs().lockRotation(on: second) })
        second.close()
    }

    @Test func `identities and Spaces that ended are purged like accounts, and each once`() async throws {
        let ledger = try await Ledger()
        for (name, type) in [("i", "identity.ended.v1"), ("s", "space.ended.v1"), ("a", "account.erased.v1")] {
            try await ledger.append(.init("\(name)1", Batch.Part(name, events: ["x.created.v1"], epoch: 1)))
            try await ledger.append(.init("\(name)2", Batch.Part(name, expected: 1, events: [type], erases: true)))
            let purge = "SELECT ledger.purge(0::int2, \(Batch.uuid(name)), 1)::text"
            let purged = "SELECT count(purged_at)::text FROM ledger.subject_keys WHERE stream_id = \(Batch.uuid(name))"
            #expect(try await ledger.session.value(purge) == "1")
            #expect(try await ledger.session.value(purged) == "0")
            while try await ledger.session.value(purge) != "0" {}
            #expect(try await ledger.session.value(purged) == "1")
        }
        #expect(try await ledger.session.value("SELECT count(secret)::text FROM ledger.events") == "0")
    }

    private func waitFor(_ condition: () throws -> Bool) throws -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end { if try condition() { return true } }
        return false
    }
}
