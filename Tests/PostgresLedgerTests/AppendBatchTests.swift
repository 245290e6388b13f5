import Testing

@Suite("append_batch") struct AppendBatchTests {
    typealias Part = Batch.Part

    private let created = "account.created.v1"

    @Test func `a creation stands in the log, with its key and its name`() async throws {
        let ledger = try await Ledger()
        let answer = try await ledger.append(
            .init("c1", Part("alice", events: [created, "name.changed.v1"], epoch: 1, claims: [.take(1, "alice")])))
        #expect(answer == .init(head: 0, appended: 2))
        #expect(try await ledger.events(of: "alice") == ["1:1:account.created.v1", "2:2:name.changed.v1"])
        #expect(try await ledger.holds("alice", stream: "alice"))
        #expect(try await ledger.session.value("SELECT epoch::text FROM ledger.subject_keys") == "1")
    }

    @Test func `a repeat is told from a conflict`() async throws {
        let ledger = try await Ledger()
        let creation = Batch.Command("c1", Part("alice", events: [created], epoch: 1, claims: [.take(1, "alice")]))
        try await ledger.append(creation)
        #expect(try await ledger.append(creation) == .init(head: 1, appended: 0, outcomes: "d", refusedAt: [1]))
    }

    @Test func `a repeat on several streams is recognised though all of them moved`() async throws {
        let ledger = try await Ledger()
        let command = Batch.Command("c1", Part("token"), Part("alice", events: [created]))
        try await ledger.append(command)
        try await ledger.append(.init("c2", Part("token", events: ["token.issued.v1"])))
        #expect(try await ledger.append(command) == .init(head: 2, appended: 0, outcomes: "d", refusedAt: [2]))
    }

    @Test func `a stale version is refused, its neighbours are not`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created])))
        let answer = try await ledger.append(
            .init("c2", Part("bob", events: [created])),
            .init("c3", Part("alice", events: ["account.blocked.v1"])),
            .init("c4", Part("carol", events: [created, "name.changed.v1"])))
        #expect(answer == .init(head: 1, appended: 3, outcomes: "ava", refusedAt: [0, 2, 0]))
        #expect(
            try await ledger.events() == [
                "1:1:account.created.v1", "2:1:account.created.v1", "3:1:account.created.v1", "4:2:name.changed.v1",
            ])
    }

    @Test func `what was read up to the head needs no probe and is accepted`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created])))
        let answer = try await ledger.append(
            .init("c2", Part("alice", expected: 1, seen: 1, events: ["account.blocked.v1"])))
        #expect(answer == .init(head: 1, appended: 1))
    }

    @Test func `a name that another stream holds is refused`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created], claims: [.take(1, "alice")])))
        let answer = try await ledger.append(
            .init("c2", Part("mallory", events: [created], epoch: 1, claims: [.take(2, "alice"), .take(1, "alice")])))
        #expect(answer == .init(head: 1, appended: 0, outcomes: "u", refusedAt: [2]))
        #expect(try await !ledger.holds("alice", stream: "mallory", namespace: 2))
        #expect(try await ledger.session.value("SELECT count(*)::text FROM ledger.subject_keys") == "0")
    }

    @Test func `a name can be exchanged for another, and is free then`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created], claims: [.take(1, "alice")])))
        try await ledger.append(
            .init(
                "c2",
                Part(
                    "alice", expected: 1, events: ["name.changed.v1"], claims: [.release(1, "alice"), .take(1, "anna")])
            ))
        #expect(try await ledger.holds("anna", stream: "alice"))
        let answer = try await ledger.append(.init("c3", Part("bob", events: [created], claims: [.take(1, "alice")])))
        #expect(answer == .init(head: 2, appended: 1))
        #expect(try await ledger.holds("alice", stream: "bob"))
    }

    @Test func `a name that the stream holds already can be claimed again`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created], claims: [.take(1, "alice")])))
        let answer = try await ledger.append(
            .init("c2", Part("alice", expected: 1, events: ["name.changed.v1"], claims: [.take(1, "alice")])))
        #expect(answer == .init(head: 1, appended: 1))
        #expect(try await ledger.session.value("SELECT position::text FROM ledger.reservations") == "1")
    }

    @Test func `nobody gives up what another stream holds`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created], claims: [.take(1, "alice")])))
        try await ledger.append(.init("c2", Part("bob", events: [created], claims: [.release(1, "alice")])))
        #expect(try await ledger.holds("alice", stream: "alice"))
    }

    @Test func `a claim moves between two streams of one command`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("token", events: ["token.issued.v1"], claims: [.take(9, "key")])))
        let answer = try await ledger.append(
            .init(
                "c2", Part("token", expected: 1, events: ["token.redeemed.v1"], claims: [.release(9, "key")]),
                Part("alice", events: [created], claims: [.take(9, "key")])))
        #expect(answer == .init(head: 1, appended: 2))
        #expect(try await ledger.holds("key", stream: "alice", namespace: 9))
    }

    @Test func `one refused part refuses the command whole`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("token", events: ["token.issued.v1"])))
        let answer = try await ledger.append(
            .init(
                "c2", Part("alice", events: [created], epoch: 1, claims: [.take(1, "alice")]),
                Part("token", events: ["token.redeemed.v1"])))
        #expect(answer == .init(head: 1, appended: 0, outcomes: "v", refusedAt: [2]))
        #expect(try await ledger.events(of: "alice") == [])
        #expect(try await !ledger.holds("alice", stream: "alice"))
    }

    @Test func `an assertion holds until its stream moves`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("space", events: ["space.created.v1"])))
        #expect(
            try await ledger.append(.init("c2", Part("alice", events: [created]), Part("space", expected: 1)))
                == .init(head: 1, appended: 1))
        try await ledger.append(.init("c3", Part("space", expected: 1, events: ["space.changed.v1"])))
        #expect(
            try await ledger.append(.init("c4", Part("bob", events: [created]), Part("space", expected: 1)))
                == .init(head: 3, appended: 0, outcomes: "v", refusedAt: [2]))
    }

    @Test func `a batch of assertions alone appends nothing and is answered`() async throws {
        let ledger = try await Ledger()
        #expect(try await ledger.append(.init("c1", Part("alice"))) == .init(head: 0, appended: 0))
    }

    @Test func `erasure destroys the key in the same call`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created], epoch: 1)))
        try await ledger.append(.init("c2", Part("alice", expected: 1, events: ["account.erased.v1"], erases: true)))
        let row = try await ledger.session.value(
            "SELECT (wrapped IS NULL AND destroyed_at IS NOT NULL)::text FROM ledger.subject_keys")
        #expect(row == "true")
    }

    @Test func `a refused erasure destroys nothing`() async throws {
        let ledger = try await Ledger()
        try await ledger.append(.init("c1", Part("alice", events: [created], epoch: 1)))
        try await ledger.append(.init("c2", Part("alice", events: ["account.erased.v1"], erases: true)))
        #expect(try await ledger.session.value("SELECT (wrapped IS NULL)::text FROM ledger.subject_keys") == "false")
    }

    @Test func `time never falls along the log`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run(
            """
            INSERT INTO ledger.events
                   (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data)
            VALUES (1, now() + interval '1 hour', gen_random_uuid(), gen_random_uuid(), 1, 0, 'x.v1', '', '')
            """)
        try await ledger.append(.init("c1", Part("alice", events: [created])))
        let times = try await ledger.session.value("SELECT count(DISTINCT recorded_at)::text FROM ledger.events")
        #expect(times == "1")
    }

    @Test func `each event waits for its partition, over the border and beyond the last`() async throws {
        let ledger = try await Ledger()
        try await ledger.session.run(
            """
            INSERT INTO ledger.events
                   (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data)
            VALUES (19999999, now(), gen_random_uuid(), gen_random_uuid(), 1, 0, 'x.v1', '', '')
            """)
        let answer = try await ledger.append(
            .init("c1", Part("alice", events: [created, "account.activated.v1"])),
            .init("c2", Part("bob", events: [created])))
        #expect(answer == .init(head: 19_999_999, appended: 3))
        let partitions = try await ledger.session.value("SELECT count(DISTINCT tableoid)::text FROM ledger.events")
        #expect(partitions == "2")
        let stale = try await ledger.append(
            .init("c3", Part("alice", expected: 1, seen: 1, events: ["account.blocked.v1"])))
        #expect(stale == .init(head: 20_000_002, appended: 0, outcomes: "v", refusedAt: [1]))

        try await ledger.session.run(
            """
            INSERT INTO ledger.events
                   (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data)
            VALUES (40000000, now(), gen_random_uuid(), gen_random_uuid(), 1, 0, 'x.v1', '', '')
            """)
        #expect(try await ledger.refusal(of: Batch(.init("c4", Part("carol", events: [created])))) == "23514")
    }
}
