import AccountDomain
import Accounts
import EventCoding
import PostgresClient
import Projector
import Testing

@Suite("Projector", .serialized) struct ProjectorTests {
    @Test func `rows equal the folds of their streams`() async throws {
        let log = try TestLog()
        var streams: [StreamID] = []
        for index in 0..<20 {
            let stream = try log.newStream()
            streams.append(stream)
            try log.append(stream, Sample.created("name-\(index)", email: "e\(index)@example.org"))
        }
        try await log.projecting { projector in
            try await log.waitUntilLevel()
            for version in 1...5 {
                for stream in streams { try log.append(stream, Sample.backup(version)) }
                projector.wake()
            }
            try await log.waitUntilLevel()
        }
        for stream in streams { #expect(try log.account(stream) == log.folded(stream)) }
        #expect(try log.value("SELECT count(*) FROM rm.account_lookups_1") == "20")
        #expect(try log.value("SELECT count(*) FROM ledger.parked") == "0")
    }

    @Test func `identities, Spaces and devices have rows of their own`() async throws {
        let log = try TestLog()
        let (account, identity, space) = (try log.newStream(), try log.newStream(), try log.newStream())
        try log.append(account, Sample.created("ada"), Sample.device(1), Sample.device(2))
        try log.append(
            account, .account(.devices(.renamed(ordinal: 2, name: nil))),
            .account(.devices(.revoked(ordinal: 1, reason: nil))))
        try log.append(
            identity, .identity(.created(Identifier(stored: "ada@example.org"))), .identity(.linked(account)),
            .identity(.mfaChanged(.totp)))
        let settings = SpaceSettings(name: SpaceName(stored: "one"), domain: SpaceDomain(stored: "example.org"))
        try log.append(space, .space(.created(settings)), .space(.closed))
        try await log.projecting { _ in try await log.waitUntilLevel() }
        #expect(
            try log.value(
                "SELECT string_agg(ordinal || ':' || version || ':' || (revoked_at IS NOT NULL), ' ' ORDER BY ordinal) FROM rm.devices_1"
            ) == "1:5:true 2:4:false")
        #expect(try log.value("SELECT count(*) FROM rm.device_lookups_1") == "2")
        #expect(
            try log.value("SELECT concat_ws(' ', version, mfa, ended, account_id) FROM rm.identities_1")
                == "3 totp f \(account)")
        #expect(try log.value("SELECT concat_ws(' ', version, closed, ended) FROM rm.spaces_1") == "2 t f")
    }

    @Test func `two projectors share the lanes and fold each event once`() async throws {
        let log = try TestLog()
        let streams = try (0..<12).map { _ in try log.newStream() }
        for (index, stream) in streams.enumerated() { try log.append(stream, Sample.created("name-\(index)")) }
        let second = log.makeProjector(workers: 2)
        try await log.projecting(workers: 2) { first in
            let task = Task { await second.run() }
            for version in 1...20 {
                for stream in streams { try log.append(stream, Sample.backup(version)) }
                first.wake()
                second.wake()
            }
            try await log.waitUntilLevel()
            task.cancel()
            await task.value
            #expect(first.alarms.isEmpty && second.alarms.isEmpty)
        }
        for stream in streams { #expect(try log.account(stream) == log.folded(stream)) }
    }

    @Test func `a worker whose connection is ended begins again at the checkpoint`() async throws {
        let log = try TestLog()
        let streams = try (0..<8).map { _ in try log.newStream() }
        for (index, stream) in streams.enumerated() { try log.append(stream, Sample.created("name-\(index)")) }
        try await log.projecting { projector in
            for version in 1...15 {
                for stream in streams { try log.append(stream, Sample.backup(version)) }
                projector.wake()
                try log.connection.execute(
                    script: """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND pid <> pg_backend_pid();
                        """)
            }
            try await log.waitUntilLevel()
            #expect(projector.alarms.isEmpty)
        }
        for stream in streams { #expect(try log.account(stream) == log.folded(stream)) }
    }

    @Test func `a poison event parks its stream, and the others go on`() async throws {
        let log = try TestLog()
        let (bad, good) = (try log.newStream(lane: 1), try log.newStream(lane: 1))
        try log.append(bad, Sample.created("bad"))
        try log.write(bad, "backup.replaced.v1", Array("{}".utf8), Array("{}".utf8))
        try log.append(good, Sample.created("good"))
        try log.write(bad, "backup.locked.v1", Array("{}".utf8), Array("{}".utf8))
        try log.append(good, Sample.backup(1))
        try await log.projecting { _ in try await log.waitUntilLevel() }
        #expect(try log.account(good) == log.folded(good))
        #expect(try log.account(bad) == nil)
        #expect(
            try log.value("SELECT concat_ws(' ', name, position, attempts, lane, stream_id) FROM ledger.parked")
                == "accounts 2 1 1 \(bad)")
    }

    @Test func `a retry folds a parked stream from its beginning`() async throws {
        let log = try TestLog()
        let stream = try log.newStream()
        try log.append(stream, Sample.created("ada", email: "ada@example.org"))
        try log.connection.execute(
            script: """
                UPDATE ledger.subject_keys SET wrapped = substr(wrapped, 2) || wrapped WHERE stream_id = '\(stream)';
                """)
        try await log.projecting { projector in
            try await log.waitUntilLevel()
            try await log.wait(for: "1", "SELECT count(*) FROM ledger.parked")
            try log.append(stream, Sample.backup(1))
            projector.wake()
            try await log.waitUntilLevel()
            #expect(try log.account(stream) == nil)
            // Still broken: tried once more and left parked.
            try log.connection.execute(script: "UPDATE ledger.parked SET retry_at = now()")
            projector.wake()
            try await log.wait(for: "2", "SELECT min(attempts) FROM ledger.parked")
            try log.connection.execute(
                script: """
                    UPDATE ledger.subject_keys SET wrapped = substr(wrapped, 60) WHERE stream_id = '\(stream)';
                    UPDATE ledger.parked SET retry_at = now();
                    """)
            projector.wake()
            try await log.wait(for: "0", "SELECT count(*) FROM ledger.parked")
            try log.append(stream, Sample.backup(2))
            projector.wake()
            try await log.waitUntilLevel()
            #expect(projector.alarms.isEmpty)
        }
        #expect(try log.account(stream) == log.folded(stream))
        #expect(try log.value("SELECT count(*) FROM rm.account_lookups_1") == "1")
    }

    @Test(arguments: [false, true])
    func `erasure blanks the rows, also when the whole life is folded afterwards`(purging: Bool) async throws {
        let log = try TestLog()
        let (early, late) = (try log.newStream(), try log.newStream())
        try log.append(early, Sample.created("early", email: "early@example.org"), Sample.device(1))
        try await log.projecting { projector in
            try await log.waitUntilLevel()
            #expect(try log.account(early) == log.folded(early))
            try log.erase(early, purging: purging)
            projector.wake()
            try await log.waitUntilLevel()
        }
        try log.append(late, Sample.created("late", email: "late@example.org"), Sample.device(1), Sample.backup(1))
        try log.erase(late, purging: purging)
        try await log.projecting { _ in try await log.waitUntilLevel() }
        for (stream, version) in [(early, 3), (late, 4)] {
            #expect(
                try log.value(
                    """
                    SELECT concat_ws(' ', version, erased, system, created_position > 0, view IS NULL, name_key IS NULL)
                      FROM rm.accounts_1 WHERE stream_id = '\(stream)'
                    """) == "\(version) t native t t t")
        }
        #expect(try log.value("SELECT count(*) FROM rm.account_lookups_1") == "0")
        #expect(try log.value("SELECT count(*) FROM rm.device_lookups_1") == "0")
        #expect(try log.value("SELECT count(*) FROM rm.devices_1") == "0")
        #expect(try log.value("SELECT count(*) FROM ledger.parked") == "0")
    }

    @Test func `a row that is not at its checkpoint stops the lane with an alarm, and no other`() async throws {
        let log = try TestLog()
        let (broken, neighbour, other) = (
            try log.newStream(lane: 2), try log.newStream(lane: 2), try log.newStream(lane: 3)
        )
        for stream in [broken, neighbour, other] { try log.append(stream, Sample.created("a"), Sample.device(1)) }
        try await log.projecting { _ in try await log.waitUntilLevel() }
        try log.connection.execute(script: "UPDATE rm.accounts_1 SET version = 9 WHERE stream_id = '\(broken)'")
        for stream in [broken, neighbour, other] { try log.append(stream, Sample.backup(1), Sample.device(2)) }
        try await log.projecting { projector in
            try await log.wait(
                for: "\(log.head)", "SELECT min(position) FROM ledger.lanes WHERE NOT (name = 'accounts' AND lane = 2)")
            #expect(projector.alarms.map(\.projection) == ["accounts"] && projector.alarms.map(\.lane) == [2])
        }
        #expect(try log.account(other) == log.folded(other))
        #expect(try log.value("SELECT version FROM rm.accounts_1 WHERE stream_id = '\(neighbour)'") == "2")
        #expect(try log.value("SELECT count(*) FROM rm.devices_1") == "6")
    }

    @Test func `a notification wakes a projector that listens`() async throws {
        let log = try TestLog()
        let stream = try log.newStream()
        try await log.projecting(listens: true) { _ in
            try log.append(stream, Sample.created("ada"))
            try log.connection.execute(script: "SELECT pg_notify('ledger', '0:1')")
            try await log.waitUntilLevel()
        }
        #expect(try log.account(stream) == log.folded(stream))
    }

    @Test func `registering at once makes each projection once`() async throws {
        let log = try TestLog()
        let projectors = (0..<4).map { _ in log.makeProjector() }
        await withTaskGroup { group in
            for projector in projectors { group.addTask { await projector.run() } }
            try? await log.wait(for: "20", "SELECT count(*) FROM ledger.lanes")
            group.cancelAll()
        }
        #expect(try log.value("SELECT count(*) FROM ledger.projections WHERE state = 'active'") == "5")
    }

    @Test func `a version that a newer fold has made is left alone`() async throws {
        let log = try TestLog()
        try log.connection.execute(
            script: """
                INSERT INTO ledger.projections (name, version, state, lanes) VALUES ('accounts', 9, 'active', 4);
                INSERT INTO ledger.lanes (name, version, log_id, lane) SELECT 'accounts', 9, 0, n FROM generate_series(0, 3) n;
                """)
        let stream = try log.newStream()
        try log.append(stream, Sample.created("ada"))
        try await log.projecting { _ in
            try await log.wait(for: "1", "SELECT min(position) FROM ledger.lanes WHERE name <> 'accounts'")
        }
        #expect(try log.value("SELECT max(position) FROM ledger.lanes WHERE name = 'accounts'") == "0")
        #expect(try log.value("SELECT to_regclass('rm.accounts_9')") == nil)
        #expect(try log.value("SELECT count(*) FROM ledger.rebuilds") == "0")
    }
}
