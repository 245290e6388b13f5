import Testing

@Suite("Partitions, keys and moments") struct LedgerFunctionTests {
    typealias Part = Batch.Part

    /// The partitions' lower bounds less one, in order.
    private func partitions(of ledger: Ledger) async throws -> [Int] {
        try await ledger.session.rows(
            "SELECT substr(relname, 9) FROM pg_class WHERE relname ~ '^events_p[0-9]+$' AND relispartition ORDER BY 1"
        ).compactMap { Int($0[0]) }
    }

    private func ensure(_ ledger: Ledger, size: Int, ahead: Int) async throws -> String? {
        try await ledger.session.value("SELECT ledger.ensure_partitions(0::int2, \(size), \(ahead))::text")
    }

    @Test func `partitions are made ahead of the head, and no more`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run("SET ROLE ledger_gateway")
        #expect(try await ensure(ledger, size: 500, ahead: 1) == "0")
        #expect(try await ensure(ledger, size: 500, ahead: 3) == "2")
        #expect(try await ensure(ledger, size: 500, ahead: 3) == "0")
        #expect(try await partitions(of: ledger) == [0, 20_000_000, 40_000_000, 40_000_500])
    }

    @Test func `a log that outgrew its partitions gets the one it needs, and those ahead of it`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run(
            """
            INSERT INTO ledger.events
                   (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data)
            VALUES (40000000, now(), gen_random_uuid(), gen_random_uuid(), 1, 0, 'x.v1', '', '')
            """)
        #expect(try await ensure(ledger, size: 500, ahead: 2) == "3")
        #expect(
            try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"])))
                == .init(head: 40_000_000, appended: 1))
    }

    @Test func `settling the newest partition is harmless, whether it is empty or not`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"])))
        try await ledger.session.run("SET ROLE ledger_gateway")
        try await ledger.session.run("SELECT ledger.settle_partition(1)::text")
        try await ledger.session.run("SELECT ledger.settle_partition(2)::text")
        let counted = "SELECT reltuples::text FROM pg_class WHERE relname = 'events_p000000000000000'"
        #expect(try await ledger.session.value(counted) == "1")
    }

    @Test func `of the checkpoints older than a day the last of each hour and name stays, and every newer one`()
        async throws
    {
        let ledger = try await Ledger()
        // Two days ago three hours with four each, of which the last two are under another name; and four of now.
        try await ledger.session.run(
            """
            INSERT INTO ledger.checkpoints (log_id, tree_size, root, note, signed_at)
            SELECT 0, g + 1, sha256(''), CASE WHEN g >= 10 THEN 'log/2' ELSE 'log' END || E'\\n' || g || E'\\n',
                   CASE WHEN g >= 12 THEN now() - interval '23 hours'
                        ELSE date_trunc('hour', now() - interval '2 days', 'UTC') + (g / 4) * interval '1 hour'
                             + (g % 4) * interval '10 minutes' END
              FROM generate_series(0, 15) g
            """)
        try await ledger.session.run("SET ROLE ledger_gateway")
        #expect(try await ledger.session.value("SELECT ledger.thin_checkpoints(0::int2, 3)::text") == "3")
        #expect(try await ledger.session.value("SELECT ledger.thin_checkpoints(0::int2)::text") == "5")
        #expect(try await ledger.session.value("SELECT ledger.thin_checkpoints(0::int2)::text") == "0")
        let left = "SELECT string_agg(tree_size::text, ' ' ORDER BY tree_size) FROM ledger.checkpoints"
        #expect(try await ledger.session.value(left) == "4 8 10 12 13 14 15 16")
        // The newest stays however old it is.
        try await ledger.session.run("RESET ROLE")
        try await ledger.session.run("UPDATE ledger.checkpoints SET signed_at = now() - interval '3 days'")
        #expect(try await ledger.session.value("SELECT ledger.thin_checkpoints(0::int2)::text") == "6")
        #expect(try await ledger.session.value(left) == "10 16")
    }

    @Test func `a moment is found by its position`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run(
            """
            INSERT INTO ledger.events
                   (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data)
            SELECT g, timestamptz '2026-01-01 00:00Z' + g / 2 * interval '1 minute', gen_random_uuid(), gen_random_uuid(),
                   1, 0, 'x.v1', '', '' FROM generate_series(1, 100) g
            """)
        for (moment, position) in [
            ("2025-12-31 00:00Z", 0), ("2026-01-01 00:00Z", 1), ("2026-01-01 00:01Z", 3), ("2026-01-01 00:01:59Z", 3),
            ("2026-01-01 00:50Z", 100), ("2027-01-01 00:00Z", 100),
        ] {
            let found = try await ledger.session.value("SELECT ledger.position_at(0::int2, '\(moment)')::text")
            #expect(found == "\(position)", "\(moment)")
        }
    }

    @Test func `keys move to a new epoch, those that changed meanwhile do not`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(
            .init("c1", Part("alice", events: ["account.created.v1"], epoch: 1)),
            .init("c2", Part("bob", events: ["account.created.v1"], epoch: 1)))
        try await ledger.session.run("INSERT INTO ledger.epochs (epoch, check_value) VALUES (3, '\\x00')")
        let rewrap = """
            SELECT ledger.rewrap(0::int2, 3, ARRAY[\(Batch.uuid("alice")), \(Batch.uuid("bob"))],
                                 ARRAY['\\x1234', '\\x9999']::bytea[], ARRAY['\\x5678', '\\x5678']::bytea[])::text
            """
        #expect(try await ledger.session.value(rewrap) == "1")
        #expect(try await ledger.session.refusal(of: "SELECT ledger.retire_epoch(1)::text") == "LG006")
        #expect(try await ledger.session.refusal(of: rewrap.replacing("int2, 3", with: "int2, 2")) == "LG006")
    }

    @Test func `an epoch without living keys is retired, and takes no key any more`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run("SELECT ledger.retire_epoch(1)::text")
        let batch = Batch(.init("c1", Part("alice", events: ["account.created.v1"], epoch: 1)))
        #expect(try await ledger.refusal(of: batch) == "LG006")
    }

    @Test func `a blob is what its hash says`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run("SET ROLE ledger_gateway")
        let insert =
            "INSERT INTO ledger.blobs (hash, stream_id, log_id, body) VALUES (sha256('a'), gen_random_uuid(), 0, "
        #expect(try await ledger.session.refusal(of: insert + "'a')") == nil)
        #expect(try await ledger.session.refusal(of: insert + "'b')") == "23514")
    }

    @Test func `a leaf is the layout that every verifier knows`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"])))
        let agrees = try await ledger.session.value(
            """
            SELECT (substr(l, 1, 1) = '\\x01' AND substr(l, 2, 8) = int8send(1) AND substr(l, 18, 16) = uuid_send(stream_id)
                    AND substr(l, 50, 4) = int4send(1) AND substr(l, 54, 2) = int2send(18::int2)
                    AND substr(l, 74, 32) = sha256(meta) AND substr(l, 106, 32) = sha256(data)
                    AND substr(l, 138) = '\\x01' || sha256('box') AND octet_length(l) = 170
                    AND ledger.leaf_hash(e) = sha256('\\x00' || l))::text
              FROM ledger.events e CROSS JOIN LATERAL ledger.leaf(e) l
            """)
        #expect(agrees == "true")
    }
}
