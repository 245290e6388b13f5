import AccountDomain
import Accounts
import EventCoding
import PostgresClient
import PostgresLedger
import TestSupport
import Testing

/// An erasure whose connection breaks before its answer came (docs/log.md): it happened or it did not, and is answered so.
@Suite struct LostErasureTests {
    /// A person: an account and an identity linked to it.
    private struct Person {
        let account = LogClient.newStream()
        let identity = LogClient.newStream()
    }

    private let database: TestDatabase
    private let connection: PostgresConnection
    private let lossy: LossyConnection
    private let client: LogClient

    init() throws {
        database = try TestDatabase.make()
        connection = try PostgresConnection(database.configuration())
        lossy = try LossyConnection()
        client = LogClient(
            database.configuration(role: TestDatabase.gatewayRole), keys: database.keys,
            writingTo: lossy.configuration(of: database, role: TestDatabase.gatewayRole))
    }

    private func tearDown() async throws {
        await client.close()
        lossy.end()
        connection.close()
        try database.drop()
    }

    private func makePerson() async throws -> Person {
        let person = Person()
        try await client.create(person.account)
        _ = try await client.log.append(
            command(person.identity, [person.identity]) { _ throws(Failure) in
                var decision = Decision()
                let identifier = Identifier(stored: "somebody@example.org")
                decision.append(
                    [.identity(.created(identifier)), .identity(.linked(person.account))], to: person.identity)
                decision.take("somebody@example.org", in: .identity, for: person.identity)
                return decision
            })
        return person
    }

    private func command(
        _ home: StreamID, _ streams: [StreamID], id: CommandID = LogClient.newCommand(), digest: Digest? = nil,
        request: UInt64 = 1, decide: @escaping @Sendable (DecisionInput) throws(Failure) -> Decision
    ) -> LogCommand {
        LogCommand(
            id: id, home: home, streams: streams,
            meta: EventMeta(
                actor: Actor(.account, id: home), door: .native,
                request: RequestID(high: 0x4000, low: request | 1 << 63)),
            requestDigest: digest, deadline: .now + .seconds(60),
            // The person asks: once erased, nobody is there who might.
            authorize: { input throws(Failure) in
                if case .account(let account) = input.aggregate(home), !account.lifecycle.isLiving {
                    throw .unauthorized
                }
            }, decide: decide)
    }

    private func erasure(
        of person: Person, id: CommandID = LogClient.newCommand(), digest: Digest? = nil, request: UInt64 = 1
    ) -> LogCommand {
        let account = person.account
        let identity = person.identity
        return command(account, [account, identity], id: id, digest: digest, request: request) {
            input throws(Failure) in
            var decision = Decision()
            do throws(AccountRefusal) {
                let events = try input.account(account).decide(.lifecycle(.erase(kept: [])))
                decision.append(events.map { .account($0) }, to: account)
            } catch { throw .account(error) }
            decision.append([.identity(.ended)], to: identity)
            decision.release("somebody@example.org", in: .identity, from: identity)
            decision.destroyKey(of: account)
            decision.destroyKey(of: identity)
            return decision
        }
    }

    /// Erased once, whole, and known to be so.
    private func expectErased(_ person: Person, by command: CommandID, _ appended: Appended) async throws {
        let id = { (stream: StreamID) in "'\(stream)'" }
        let both = "(\(id(person.account)), \(id(person.identity)))"
        func value(_ sql: String) throws -> String { try connection.query(PostgresStatement(sql)).string(0, 0) }
        #expect(
            try value(
                "SELECT string_agg(event_type || ' ' || position, ', ' ORDER BY position) FROM ledger.events "
                    + "WHERE command_id = '\(command)'") == "account.erased.v1 4, identity.ended.v1 5")
        #expect(
            try value(
                "SELECT count(*) || ' ' || count(wrapped) || ' ' || count(destroyed_at) FROM ledger.subject_keys "
                    + "WHERE stream_id IN \(both)") == "2 0 2")
        #expect(try value("SELECT count(*)::text FROM ledger.reservations WHERE stream_id IN \(both)") == "0")
        #expect(appended.position == 5)
        #expect(appended.version == 2)
        #expect(!appended.isReplay)
        // The gateway knows it too: no key, no state, nothing to open.
        for stream in [person.account, person.identity] {
            await #expect(throws: Failure.erased) { try await client.log.events(of: stream, versions: 1...1) }
            await #expect(throws: Failure.erased) { try await client.log.storeBlob([1, 2, 3], for: stream) }
        }
        guard case .account(let account) = try await client.log.state(of: person.account).aggregate else {
            Issue.record("the account is gone altogether")
            return
        }
        #expect(!account.lifecycle.isLiving && !account.lifecycle.isMissing)
        #expect(try value("SELECT (count(*) = max(position))::text FROM ledger.events") == "true")
    }

    @Test(arguments: [LossyConnection.Loss.request, .answer], [false, true])
    func `an erasure whose answer is lost is found, or done, and answered`(
        _ loss: LossyConnection.Loss, _ isKeyed: Bool
    ) async throws {
        let person = try await makePerson()
        let id = LogClient.newCommand()
        let digest: Digest? = isKeyed ? .sha256(of: [1]) : nil
        lossy.lose(loss)
        let appended = try await client.log.append(erasure(of: person, id: id, digest: digest))
        #expect(lossy.losses == 1)
        try await expectErased(person, by: id, appended)
        // What repeats it later finds nobody who could ask.
        await #expect(throws: Failure.unauthorized) {
            try await client.log.append(erasure(of: person, id: id, digest: digest))
        }
        try await tearDown()
    }

    @Test func `an erasure that hangs in the server when its connection breaks is ended there and done again`()
        async throws
    {
        let person = try await makePerson()
        let id = LogClient.newCommand()
        let first = client.backendID
        let other = try PostgresConnection(database.configuration())
        try other.execute(script: "BEGIN; SELECT pg_advisory_xact_lock(1279607879, 0)")
        lossy.lose(.patience)
        let (log, command) = (client.log, erasure(of: person, id: id))
        async let erased = log.append(command)
        // The first attempt is gone from the server, and the next waits: only then may any go on.
        let waiting = PostgresStatement(
            """
            SELECT coalesce(string_agg(pid::text, ' '), '') FROM pg_locks
             WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND locktype = 'advisory' AND NOT granted
            """)
        let end = ContinuousClock.now + .seconds(60)
        var waiters = ""
        repeat {
            waiters = try connection.query(waiting).string(0, 0)
        } while (waiters.isEmpty || waiters == "\(first)") && ContinuousClock.now < end
        #expect(waiters != "\(first)" && !waiters.contains(" "))
        other.close()
        let appended = try await erased
        #expect(lossy.losses == 1)
        try await expectErased(person, by: id, appended)
        try await tearDown()
    }

    @Test func `an erasure that another request made is no success of this one, though its answer is lost`()
        async throws
    {
        let person = try await makePerson()
        let id = LogClient.newCommand()
        // This gateway does not hear of what another does: the same Idempotency-Key, in another request.
        let deaf = LogClient(
            database.configuration(role: TestDatabase.gatewayRole), keys: database.keys,
            writingTo: lossy.configuration(of: database, role: TestDatabase.gatewayRole), follows: false)
        for stream in [person.account, person.identity] { _ = try await deaf.log.state(of: stream) }
        try await deaf.create(LogClient.newStream())
        _ = try await client.log.append(erasure(of: person, id: id, digest: .sha256(of: [1])))
        lossy.lose(.request)
        await #expect(throws: Failure.unauthorized) {
            try await deaf.log.append(erasure(of: person, id: id, digest: .sha256(of: [1]), request: 2))
        }
        #expect(lossy.losses == 1)
        await deaf.close()
        try await tearDown()
    }
}
