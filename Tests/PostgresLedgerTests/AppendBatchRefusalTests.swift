import Testing

@Suite("append_batch, calls refused as a whole") struct AppendBatchRefusalTests {
    typealias Part = Batch.Part

    private var batch: Batch {
        Batch(
            .init(
                "c1", Part("alice", events: ["account.created.v1"], epoch: 1, claims: [.take(1, "alice")]),
                places: [(owner: "space", delta: -1)], limits: [(owner: "space", maximum: 3)]))
    }

    @Test(arguments: Batch.parameters.map(\.name))
    func `an array that is missing, or shorter than its neighbours, is malformed`(name: String) async throws {
        let ledger = try await Ledger()
        for array in ["NULL", "'{}'"] {
            var batch = batch
            batch.replaced[name] = array
            #expect(try await ledger.refusal(of: batch) == "LG003", "\(name) => \(array)")
        }
        #expect(try await ledger.events() == [])
    }

    @Test(arguments: [
        "c_id", "s_cmd", "s_stream", "s_expected", "s_seen", "s_destroy", "e_part", "e_version", "r_part", "r_add",
        "r_ns", "r_key", "q_cmd", "q_owner", "q_delta", "m_cmd", "m_owner",
    ])
    func `a NULL where a value decides is malformed`(name: String) async throws {
        let ledger = try await Ledger()
        var batch = batch
        batch.replaced[name] = "'{NULL}'"
        #expect(try await ledger.refusal(of: batch) == "LG003")
    }

    @Test(arguments: ["e_type", "e_meta", "e_data", "e_secret_hash"])
    func `a NULL in an event is refused by the table`(name: String) async throws {
        let ledger = try await Ledger()
        var batch = batch
        batch.replaced[name] = "'{NULL}'"
        #expect(try await ledger.refusal(of: batch)?.hasPrefix("23") == true)
    }

    @Test(arguments: ["s_cmd", "e_part", "r_part", "q_cmd", "m_cmd"], ["0", "2", "-1"])
    func `a row that names no command or part is malformed`(name: String, number: String) async throws {
        let ledger = try await Ledger()
        var batch = batch
        batch.replaced[name] = "'{\(number)}'"
        #expect(try await ledger.refusal(of: batch) == "LG003")
    }

    @Test func `versions that leave a hole never reach the log`() async throws {
        let ledger = try await Ledger()
        let hole = Batch(.init("c1", Part("alice", events: ["a.v1", "b.v1"], versions: [1, 3])))
        #expect(try await ledger.refusal(of: hole) == "LG003")
    }

    @Test func `a claim doubled in a batch undoes the batch`() async throws {
        let ledger = try await Ledger()
        let double = Batch(
            .init("c1", Part("alice", events: ["account.created.v1"], claims: [.take(1, "name")])),
            .init("c2", Part("bob", events: ["account.created.v1"], claims: [.take(1, "name")])))
        #expect(try await ledger.refusal(of: double) == "LG005")
        #expect(try await ledger.events() == [])
    }

    @Test func `a claim given up by one command and taken by another undoes the batch`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"], claims: [.take(1, "name")])))
        let handover = Batch(
            .init("c2", Part("alice", expected: 1, events: ["name.changed.v1"], claims: [.release(1, "name")])),
            .init("c3", Part("bob", events: ["account.created.v1"], claims: [.take(1, "name")])))
        #expect(try await ledger.refusal(of: handover) == "LG005")
    }

    @Test(arguments: ["-6 seconds", "6 seconds"])
    func `clocks more than five seconds apart are refused`(offset: String) async throws {
        let ledger = try await Ledger()
        var batch = Batch(.init("c1", Part("alice", events: ["account.created.v1"])))
        batch.now = "clock_timestamp() + interval '\(offset)'"
        #expect(try await ledger.refusal(of: batch) == "LG004")
    }

    @Test(arguments: [2, 7])
    func `a key under a retired or unknown epoch is refused`(epoch: Int) async throws {
        let ledger = try await Ledger()
        let batch = Batch(.init("c1", Part("alice", events: ["account.created.v1"], epoch: epoch)))
        #expect(try await ledger.refusal(of: batch) == "LG006")
        #expect(try await ledger.events() == [])
    }

    @Test func `a gateway that has read beyond the head is refused`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: ["account.created.v1"])))
        let ahead = Batch(.init("c2", Part("bob", seen: 2, events: ["account.created.v1"])))
        #expect(try await ledger.refusal(of: ahead) == "LG007")
    }

    @Test(arguments: ["REPEATABLE READ", "SERIALIZABLE"])
    func `an isolation level whose snapshot is older than the lock is refused`(level: String) async throws {
        let ledger = try await Ledger()
        try await ledger.session.run("BEGIN ISOLATION LEVEL \(level)")
        #expect(try await ledger.refusal(of: batch) == "LG002")
        try await ledger.session.run("ROLLBACK")
    }
}
