import Testing

@Suite("Who may do what") struct LedgerGrantTests {
    typealias Part = Batch.Part

    private static let denied = "42501"

    @Test func `the gateway appends through the function`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run("SET ROLE ledger_gateway")
        let answer = try await ledger.append(
            .init("c1", Part("alice", events: ["account.created.v1"], epoch: 1, claims: [.take(1, "alice")])))
        #expect(answer == .init(head: 0, appended: 1))
        #expect(try await ledger.events() == ["1:1:account.created.v1"])
    }

    @Test(arguments: ["ledger_gateway", "ledger_projector", "ledger_reader"])
    func `no role of the service writes the log directly`(role: String) async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"], epoch: 1)))
        try await ledger.session.run("SET ROLE \(role)")
        for statement in [
            "INSERT INTO ledger.events SELECT * FROM ledger.events", "UPDATE ledger.events SET secret = NULL",
            "DELETE FROM ledger.events", "TRUNCATE ledger.events", "DELETE FROM ledger.events_p000000000000000",
            "DELETE FROM ledger.subject_keys", "UPDATE ledger.reservations SET position = 0",
            "UPDATE ledger.quotas SET used = 0", "DELETE FROM ledger.checkpoints", "DROP TABLE ledger.events",
            "CREATE TABLE ledger.mine ()", "SELECT ledger.retire_epoch(1)::text",
        ] {
            #expect(try await ledger.session.refusal(of: statement) == Self.denied, "\(statement)")
        }
    }

    @Test(arguments: ["ledger_projector", "ledger_reader"])
    func `only the gateway appends`(role: String) async throws {
        let ledger = try await Ledger()
        try await ledger.session.run("SET ROLE \(role)")
        let batch = Batch(.init("c1", Part("alice", events: ["account.created.v1"])))
        #expect(try await ledger.refusal(of: batch) == Self.denied)
    }

    @Test func `the reader sees the log and no keys`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"], epoch: 1)))
        try await ledger.session.run("SET ROLE ledger_reader")
        #expect(try await ledger.session.value("SELECT data ->> 'n' FROM ledger.readable_events") == "0")
        #expect(try await ledger.session.value("SELECT ledger.position_at(0::int2, now())::text") == "1")
        for table in ["subject_keys", "reservations", "attempts", "epochs", "logs"] {
            #expect(try await ledger.session.refusal(of: "SELECT * FROM ledger.\(table)") == Self.denied, "\(table)")
        }
    }

    @Test func `what the projector makes the gateway can read`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run("SET ROLE ledger_projector")
        try await ledger.session.run("CREATE TABLE rm.accounts_1 (stream_id uuid)")
        try await ledger.session.run("SET ROLE ledger_gateway")
        #expect(try await ledger.session.value("SELECT count(*)::text FROM rm.accounts_1") == "0")
        #expect(try await ledger.session.refusal(of: "DELETE FROM rm.accounts_1") == Self.denied)
    }

    @Test func `each role executes what was granted to it, and nothing because nobody thought of it`() async throws {
        let ledger = try await Ledger()
        let reading = ["leaf", "leaf_hash", "node_hash", "position_at"]
        for (role, granted) in [
            ("ledger_reader", reading), ("ledger_projector", reading + ["start_outbox_at_head"]),
            (
                "ledger_gateway",
                reading + [
                    "add_partition", "append_batch", "collect_blobs", "ensure_partitions", "open_origin", "purge",
                    "rewrap",
                    "settle_partition", "thin_checkpoints",
                ]
            ),
        ] {
            let found = try await ledger.session.rows(
                """
                SELECT p.proname::text FROM pg_proc p
                 WHERE p.pronamespace = 'ledger'::regnamespace AND has_function_privilege('\(role)', p.oid, 'EXECUTE')
                 ORDER BY 1
                """)
            #expect(found.compactMap(\.first) == granted.sorted(), "\(role)")
        }
    }

    @Test func `nobody connects who was not named`() async throws {
        let ledger = try await Ledger()
        let anybody = try await ledger.session.value(
            """
            SELECT count(*)::text FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a
             WHERE d.datname = current_database() AND a.grantee = 0
            """)
        #expect(anybody == "0")
    }
}
