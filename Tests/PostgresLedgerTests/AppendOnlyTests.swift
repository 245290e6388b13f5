import Testing

@Suite("The log refuses change") struct AppendOnlyTests {
    typealias Part = Batch.Part

    private static let tables = ["ledger.events", "ledger.events_p000000000000000"]

    private func ledger() async throws -> Ledger {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"], epoch: 1)))
        return ledger
    }

    @Test(arguments: tables, ["origin", "replica"])
    func `its owner can neither update, delete nor truncate`(table: String, replication: String) async throws {
        let ledger = try await ledger()
        try await ledger.session.run("SET session_replication_role = \(replication)")
        for statement in [
            "UPDATE \(table) SET data = '{}'", "UPDATE \(table) SET position = position + 1",
            "UPDATE \(table) SET secret = NULL", "UPDATE \(table) SET version = version", "DELETE FROM \(table)",
            "TRUNCATE \(table)",
        ] {
            #expect(try await ledger.session.refusal(of: statement) == "LG001", "\(statement)")
        }
        #expect(try await ledger.events() == ["1:1:account.created.v1"])
    }

    @Test func `a partition made later refuses the same`() async throws {
        let ledger = try await ledger()
        let name = try await ledger.session.value("SELECT ledger.add_partition(40000001, 40000501)")
        #expect(name == "events_p000000040000000")
        try await ledger.session.run(
            """
            INSERT INTO ledger.events
                   (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data)
            VALUES (40000001, now(), gen_random_uuid(), gen_random_uuid(), 1, 0, 'x.v1', '', '')
            """)
        for statement in [
            "UPDATE ledger.\(name ?? "") SET data = 'x'", "DELETE FROM ledger.\(name ?? "")",
            "TRUNCATE ledger.\(name ?? "")",
        ] {
            #expect(try await ledger.session.refusal(of: statement) == "LG001", "\(statement)")
        }
    }

    @Test func `a box is purged only after erasure, and the leaf stays as it was`() async throws {
        let ledger = try await ledger()
        let purge = "SELECT ledger.purge(0::int2, \(Batch.uuid("alice")))::text"
        try await ledger.session.run(
            "INSERT INTO ledger.blobs (hash, stream_id, log_id, body) VALUES (sha256('b'), \(Batch.uuid("alice")), 0, 'b')"
        )
        #expect(try await ledger.session.refusal(of: purge) == "LG008")

        try await ledger.append(.init("c2", Part("alice", expected: 1, events: ["account.erased.v1"], erases: true)))
        let leaves = "SELECT string_agg(encode(ledger.leaf_hash(e), 'hex'), ',' ORDER BY position) FROM ledger.events e"
        let before = try await ledger.session.value(leaves)
        #expect(try await ledger.session.value(purge) == "3", "two boxes and a blob")
        #expect(try await ledger.session.value(purge) == "0")
        #expect(try await ledger.session.value(leaves) == before)
        #expect(try await ledger.session.value("SELECT count(secret)::text FROM ledger.events") == "0")
        #expect(try await ledger.session.value("SELECT count(*)::text FROM ledger.blobs") == "0")
    }

    @Test func `a destroyed key without the erased event does not open the way to a purge`() async throws {
        let ledger = try await ledger()
        try await ledger.append(.init("c2", Part("alice", expected: 1, events: ["key.revoked.v1"], erases: true)))
        #expect(
            try await ledger.session.refusal(of: "SELECT ledger.purge(0::int2, \(Batch.uuid("alice")))::text")
                == "LG008")
    }

    @Test func `a purge changes nothing but the box`() async throws {
        let ledger = try await ledger()
        try await ledger.append(.init("c2", Part("alice", expected: 1, events: ["account.erased.v1"], erases: true)))
        let sly = "UPDATE ledger.events SET secret = NULL, data = '{}' WHERE position = 1"
        #expect(try await ledger.session.refusal(of: sly) == "LG001")
    }
}
