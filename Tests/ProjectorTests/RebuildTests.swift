import AccountDomain
import Accounts
import EventCoding
import PostgresClient
import Projector
import Testing

@Suite("Rebuild", .serialized) struct RebuildTests {
    /// Settings of a process that is quick to take over what another one left.
    private static var quick: RebuildSettings {
        var settings = RebuildSettings()
        settings.leaseMilliseconds = 400
        settings.jobs = 2
        return settings
    }

    /// A budget that nothing fits into, so that a range goes on being cut until it holds one stream.
    private static var tight: RebuildSettings {
        var settings = quick
        settings.memoryBytes = 1
        settings.chunkRows = 7
        return settings
    }

    @Test func `a rebuilt version has the rows of the one it replaces`() async throws {
        let log = try TestLog()
        let streams = try log.population(30)
        try await log.projecting(rebuilding: Self.quick) { _ in
            try await log.waitUntilLevel()
            for name in ["accounts", "activations", "devices", "identities", "spaces"] {
                try await log.rebuild(name)
            }
        }
        for stream in streams.living { #expect(try log.account(stream, in: "2") == log.folded(stream)) }
        for (table, columns) in Self.columns {
            let differing = [("1", "2"), ("2", "1")].map { first, second in
                "(SELECT \(columns) FROM rm.\(table)_\(first) EXCEPT SELECT \(columns) FROM rm.\(table)_\(second))"
            }
            #expect(
                try log.value("SELECT count(*) FROM (\(differing.joined(separator: " UNION ALL "))) d") == "0",
                "\(table)")
            #expect(try log.value("SELECT count(*) > 0 FROM rm.\(table)_2") == "true", "\(table)")
        }
        #expect(
            try log.value(
                "SELECT string_agg(DISTINCT concat_ws(' ', version, state, fold), ', ') FROM ledger.projections")
                == "1 standby 1, 2 active 1")
        // A table that was loaded first has its keys and indexes all the same.
        #expect(
            try log.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'accounts_2'")
                == log.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'accounts_1'"))
    }

    /// Columns that follow from the log alone; of devices the rows of the living.
    private static let columns: [(String, String)] = [
        (
            "accounts",
            "stream_id, version, created_position, created_at, updated_at, system, space_id, activated, blocked, admin, erased, name_key, view IS NULL"
        ),
        ("account_lookups", "kind, key_hash, stream_id"),
        ("activations", "stream_id, version, closes_at, ended"),
        ("devices", "stream_id, ordinal, version, added_at, revoked_at, view IS NULL"),
        ("device_lookups", "key_hash, stream_id, ordinal"),
        (
            "identities",
            "stream_id, version, created_position, created_at, account_id, mfa, ended, view IS NULL"
        ),
        ("spaces", "stream_id, version, created_position, created_at, closed, ended, view IS NULL"),
    ]

    @Test func `both versions equal the log when appends go on through rebuild and swap`() async throws {
        let log = try TestLog()
        let streams = try log.population(20).living
        try await log.projecting(workers: 2, rebuilding: Self.quick) { projector in
            try await log.waitUntilLevel()
            let id = try log.request("accounts")
            var version = 100
            while try log.state(of: id) != "finished" {
                try #require(try log.state(of: id) != "failed")
                for stream in streams { try log.append(stream, Sample.backup(version)) }
                version += 1
                projector.wake()
            }
            for stream in streams { try log.append(stream, Sample.backup(version)) }
            projector.wake()
            try await log.waitUntilLevel()
            #expect(projector.alarms.isEmpty)
        }
        for stream in streams {
            #expect(try log.account(stream) == log.folded(stream))
            #expect(try log.account(stream, in: "2") == log.folded(stream))
        }
    }

    @Test func `a budget that is far too small takes many passes and gives the same rows`() async throws {
        let log = try TestLog()
        let streams = try log.population(40).living
        try await log.projecting(rebuilding: Self.tight) { _ in
            try await log.waitUntilLevel()
            try await log.rebuild("accounts")
        }
        let ranges = try #require(try log.value("SELECT count(*) FROM ledger.rebuild_ranges").flatMap { Int($0) })
        #expect(ranges > 8)
        for stream in streams { #expect(try log.account(stream, in: "2") == log.folded(stream)) }
        #expect(
            try log.value("SELECT count(*) FROM rm.accounts_2") == log.value("SELECT count(*) FROM rm.accounts_1"))
    }

    @Test func `a rebuild whose sessions are ended again and again goes on where it was`() async throws {
        let log = try TestLog()
        let streams = try log.population(40).living
        try await log.projecting(rebuilding: Self.tight) { _ in
            try await log.waitUntilLevel()
            // It cannot come to its end before its sessions were ended once.
            let blocker = try log.holdLanes()
            let id = try log.request("accounts")
            var kept = 0
            var endings = 0
            while try log.state(of: id) != "finished" {
                try #require(try log.state(of: id) != "failed")
                let now = try log.value("SELECT count(*) FROM ledger.rebuild_ranges").flatMap { Int($0) } ?? 0
                #expect(now >= kept, "what is done stays done")
                guard now > kept + 5, endings < 3 else { continue }
                kept = now
                endings += 1
                try log.connection.execute(
                    script: """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND application_name LIKE 'account-ledger rebuild %';
                        """)
                blocker.close()
            }
            #expect(endings > 0)
        }
        for stream in streams { #expect(try log.account(stream, in: "2") == log.folded(stream)) }
        #expect(
            try log.value("SELECT count(*) FROM rm.accounts_2") == log.value("SELECT count(*) FROM rm.accounts_1"))
    }

    @Test func `what a worker does that was given up is not kept`() async throws {
        let log = try TestLog()
        let streams = try log.population(10).living
        try await log.projecting(rebuilding: Self.quick) { _ in
            try await log.waitUntilLevel()
            let blocker = try log.holdLanes()
            let id = try log.request("accounts")
            try await log.wait(
                for: "standby", "SELECT state FROM ledger.projections WHERE name = 'accounts' AND version = 2")
            // As if another process had taken it over, and was not heard of again.
            try log.connection.execute(
                script: """
                    UPDATE ledger.rebuilds SET worker = gen_random_uuid(), beat_at = now() - interval '1 hour'
                     WHERE id = '\(id)';
                    """)
            blocker.close()
            try await log.wait(for: "finished", "SELECT state FROM ledger.rebuilds WHERE id = '\(id)'")
        }
        for stream in streams { #expect(try log.account(stream, in: "2") == log.folded(stream)) }
        #expect(try log.value("SELECT count(*) FROM ledger.projections WHERE name = 'accounts'") == "2")
    }

    @Test func `a cancelled rebuild leaves nothing behind`() async throws {
        let log = try TestLog()
        _ = try log.population(10)
        try await log.projecting(rebuilding: Self.quick) { _ in
            try await log.waitUntilLevel()
            let blocker = try log.holdLanes()
            defer { blocker.close() }
            let id = try log.request("accounts")
            try await log.wait(
                for: "standby", "SELECT state FROM ledger.projections WHERE name = 'accounts' AND version = 2")
            try log.connection.execute(
                script: "UPDATE ledger.rebuilds SET state = 'cancelled', finished_at = now() WHERE id = '\(id)'")
            try await log.wait(for: "1", "SELECT count(*) FROM ledger.projections WHERE name = 'accounts'")
            try await log.wait(for: "true", "SELECT to_regclass('rm.accounts_2') IS NULL")
            #expect(try log.value("SELECT state FROM ledger.rebuilds") == "cancelled")
        }
        #expect(try log.value("SELECT version FROM ledger.projections WHERE name = 'accounts'") == "1")
    }

    @Test func `tables of an older fold are rebuilt at the start, while they stand`() async throws {
        let log = try TestLog()
        try log.connection.execute(
            script: """
                INSERT INTO ledger.projections (name, version, state, lanes, fold) VALUES ('accounts', 4, 'active', 4, 0);
                INSERT INTO ledger.lanes (name, version, log_id, lane) SELECT 'accounts', 4, 0, n FROM generate_series(0, 3) n;
                """)
        let streams = try log.population(10).living
        try await log.projecting(rebuilding: Self.quick) { _ in
            try await log.wait(
                for: "5 1",
                """
                SELECT version || ' ' || fold FROM ledger.projections WHERE name = 'accounts' AND state = 'active'
                """)
        }
        for stream in streams { #expect(try log.account(stream, in: "5") == log.folded(stream)) }
        #expect(try log.value("SELECT max(position) FROM ledger.lanes WHERE name = 'accounts' AND version = 4") == "0")
        #expect(try log.value("SELECT state FROM ledger.rebuilds") == "finished")
    }

    @Test func `a scratch version shows the past, beside the one that answers`() async throws {
        let log = try TestLog()
        let (early, late) = (try log.newStream(), try log.newStream())
        try log.append(early, Sample.created("early"), Sample.backup(1))
        let past = log.folded(early)
        try log.append(early, Sample.backup(2))
        try log.append(late, Sample.created("late"))
        try await log.projecting(rebuilding: Self.quick) { _ in
            try await log.waitUntilLevel()
            let id = try log.request("accounts", upTo: 2)
            try await log.wait(for: "finished", "SELECT state FROM ledger.rebuilds WHERE id = '\(id)'")
            #expect(try log.account(early, in: "at_2") == past)
            #expect(try log.value("SELECT count(*) FROM rm.accounts_at_2") == "1")
            #expect(
                try log.value(
                    """
                    SELECT string_agg(version || ' ' || state, ', ' ORDER BY version) FROM ledger.projections
                     WHERE name = 'accounts'
                    """) == "1 active, 2 scratch")
            // Whoever asked for it gives it back.
            try log.connection.execute(script: "UPDATE ledger.rebuilds SET state = 'cancelled' WHERE id = '\(id)'")
            try await log.rebuild("spaces")
            try await log.wait(for: "true", "SELECT to_regclass('rm.accounts_at_2') IS NULL")
        }
    }

    @Test func `what was replaced is dropped after its time`() async throws {
        let log = try TestLog()
        _ = try log.population(5)
        var settings = Self.quick
        settings.keepSeconds = 0
        try await log.projecting(rebuilding: settings) { projector in
            try await log.waitUntilLevel()
            try await log.rebuild("accounts")
            try await log.wait(for: "2", "SELECT max(version) FROM ledger.projections WHERE name = 'accounts'")
            try await log.wait(for: "1", "SELECT count(*) FROM ledger.projections WHERE name = 'accounts'")
            try await log.wait(
                for: "true",
                "SELECT to_regclass('rm.accounts_1') IS NULL AND to_regclass('rm.account_lookups_1') IS NULL")
            let stream = try log.newStream()
            try log.append(stream, Sample.created("later"))
            projector.wake()
            try await log.waitUntilLevel()
            #expect(try log.account(stream, in: "2") == log.folded(stream))
            #expect(projector.alarms.isEmpty)
        }
    }

    @Test func `streams that cannot be folded are parked by a rebuild too, and the others go on`() async throws {
        let log = try TestLog()
        let (unknown, payload, good) = (try log.newStream(), try log.newStream(), try log.newStream())
        for stream in [unknown, payload, good] { try log.append(stream, Sample.created("a")) }
        try log.write(unknown, "account.painted.v1", Array("{}".utf8), Array("{}".utf8))
        try log.write(payload, "backup.replaced.v1", Array("{}".utf8), Array("{}".utf8))
        try log.append(good, Sample.backup(1))
        try await log.projecting(rebuilding: Self.quick) { _ in
            try await log.waitUntilLevel()
            try await log.rebuild("accounts")
        }
        let parked = """
            SELECT string_agg(concat_ws(' ', stream_id, position, event_type, error), '; ' ORDER BY position)
              FROM ledger.parked WHERE name = 'accounts' AND version =
            """
        #expect(
            try log.value("\(parked) 2")
                == "\(unknown) 4 account.painted.v1 account.painted.v1 at version 2: unknown event type; "
                + "\(payload) 5 backup.replaced.v1 backup.replaced.v1 at version 2: malformed data")
        #expect(try log.value("\(parked) 1") == log.value("\(parked) 2"))
        #expect(try log.account(good, in: "2") == log.folded(good))
        #expect(try log.value("SELECT count(*) FROM rm.accounts_2") == "1")
    }

    @Test func `a stream that an upcaster threw at is folded once the upcaster is mended`() async throws {
        let log = try TestLog()
        let stream = try log.newStream()
        try log.append(stream, Sample.created("ada"))
        try log.write(stream, "account.blocked.v0", Array("{}".utf8), Array("{}".utf8))
        let broken = Upcasters([
            Upcaster(from: "account.blocked.v0", to: "account.blocked.v1") { _ throws(EventCodingError) in
                throw .malformed("colour")
            }
        ])
        let mended = Upcasters([Upcaster(from: "account.blocked.v0", to: "account.blocked.v1") { $0 }])
        try await log.projecting(upcasters: broken) { _ in
            try await log.waitUntilLevel()
            try await log.wait(
                for: "2 account.blocked.v0 account.blocked.v0 at version 2: malformed colour",
                "SELECT concat_ws(' ', position, event_type, error) FROM ledger.parked WHERE name = 'accounts'")
        }
        try log.connection.execute(script: "UPDATE ledger.parked SET retry_at = now()")
        try await log.projecting(upcasters: mended) { _ in
            try await log.wait(for: "0", "SELECT count(*) FROM ledger.parked")
        }
        #expect(try log.account(stream)?.isBlocked == true)
    }
}

extension TestLog {
    /// People, identities and a Space, with a past; a few of the people are erased.
    func population(_ count: Int) throws -> (living: [StreamID], erased: [StreamID]) {
        var living: [StreamID] = []
        var erased: [StreamID] = []
        let space = try newStream()
        try append(
            space, .space(.created(SpaceSettings(name: SpaceName(stored: "one"), domain: SpaceDomain(stored: "e.org"))))
        )
        for index in 0..<count {
            let stream = try newStream()
            try append(stream, Sample.created("name-\(index)", email: "e\(index)@example.org"), Sample.device(1))
            for version in 1...(1 + index % 4) { try append(stream, Sample.backup(version)) }
            if index % 10 == 9 {
                try erase(stream, purging: index % 20 == 9)
                erased.append(stream)
            } else {
                living.append(stream)
            }
            let identity = try newStream()
            try append(
                identity, .identity(.created(Identifier(stored: "i\(index)@example.org"))), .identity(.linked(stream)))
        }
        for index in 0..<4 {
            let activation = try newStream()
            try append(
                activation,
                .activation(
                    .requested(
                        ActivationRequest(
                            name: AccountName(stored: "a\(index)"),
                            email: EmailAddress(stored: "a\(index)@example.org"),
                            expiresAt: Moment(microseconds: 1_000_000), verifier: Digest.sha256(of: [1])))))
            if index == 1 {
                try append(activation, .activation(.redeemed(for: living[0], at: Moment(microseconds: 2_000_000))))
            }
            if index > 1 { try append(activation, .activation(.ended)) }
        }
        return (living, erased)
    }

    /// Asks for a rebuild as a gateway does.
    func request(_ name: String, upTo position: Int64? = nil) throws -> StreamID {
        var generator = SystemRandomNumberGenerator()
        let id = StreamID.random(using: &generator)
        try connection.execute(
            script: """
                INSERT INTO ledger.rebuilds (id, name, state, up_to)
                VALUES ('\(id)', '\(name)', 'requested', \(position.map { "\($0)" } ?? "NULL"));
                """)
        return id
    }

    func state(of rebuild: StreamID) throws -> String? {
        try value("SELECT state FROM ledger.rebuilds WHERE id = '\(rebuild)'")
    }

    /// Asks for a rebuild and waits for its end.
    func rebuild(_ name: String) async throws {
        let id = try request(name)
        try await wait(for: "finished", "SELECT state FROM ledger.rebuilds WHERE id = '\(id)'")
    }

    /// Holds the lanes of `accounts`, so that nothing can be swapped until the connection is closed.
    func holdLanes() throws -> PostgresConnection {
        var configuration = configuration
        configuration.idleInTransactionTimeoutMilliseconds = 0
        let blocker = try PostgresConnection(configuration)
        try blocker.execute(
            script: "BEGIN; SELECT 1 FROM ledger.lanes WHERE name = 'accounts' AND version = 1 FOR UPDATE;")
        return blocker
    }
}
