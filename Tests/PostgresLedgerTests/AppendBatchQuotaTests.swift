import Testing

@Suite("append_batch, quotas") struct AppendBatchQuotaTests {
    typealias Part = Batch.Part

    private let created = "account.created.v1"

    /// A ledger with a Space of `maximum` places, its stream at version 1.
    private func ledger(maximum: Int?) async throws -> Ledger {
        let ledger = try await Ledger()
        try await ledger.append(
            .init("space", Part("space", events: ["space.created.v1"]), limits: [(owner: "space", maximum: maximum)]))
        return ledger
    }

    private func account(_ name: String, delta: Int = 1) -> Batch.Command {
        .init(name, Part(name, events: [created]), places: [(owner: "space", delta: delta)])
    }

    @Test func `places are counted`() async throws {
        let ledger = try await ledger(maximum: nil)
        try await ledger.append(account("a"), account("b"))
        #expect(try await ledger.quota(of: "space") == "2/-")
    }

    @Test func `whoever comes after the last place of a batch is refused`() async throws {
        let ledger = try await ledger(maximum: 2)
        let answer = try await ledger.append(account("a"), account("b"), account("c"))
        #expect(answer == .init(head: 1, appended: 2, outcomes: "aaq", refusedAt: [0, 0, 3]))
        #expect(try await ledger.quota(of: "space") == "2/2")
    }

    @Test func `a place given back serves the next in line`() async throws {
        let ledger = try await ledger(maximum: 1)
        try await ledger.append(account("a"))
        let answer = try await ledger.append(account("b", delta: -1), account("c"))
        #expect(answer == .init(head: 2, appended: 2))
        #expect(try await ledger.quota(of: "space") == "1/1")
    }

    @Test func `a command that asks for two places gets both or none`() async throws {
        let ledger = try await ledger(maximum: 1)
        let both = Batch.Command(
            "c", Part("a", events: [created]), places: [(owner: "space", delta: 1), (owner: "space", delta: 1)])
        #expect(try await ledger.append(both) == .init(head: 1, appended: 0, outcomes: "q", refusedAt: [2]))
        #expect(try await ledger.quota(of: "space") == "0/1")
    }

    @Test func `a command refused for another reason takes no place`() async throws {
        let ledger = try await ledger(maximum: 1)
        let stale = Batch.Command(
            "c", Part("space", events: ["space.changed.v1"]), places: [(owner: "space", delta: 1)])
        #expect(try await ledger.append(stale, account("a")).outcomes == "va")
        #expect(try await ledger.quota(of: "space") == "1/1")
    }

    @Test func `nobody has a place in a Space that is not there`() async throws {
        let ledger = try await Ledger()
        #expect(try await ledger.append(account("a")) == .init(head: 0, appended: 0, outcomes: "q", refusedAt: [1]))
    }

    @Test func `a limit below what is in use is refused`() async throws {
        let ledger = try await ledger(maximum: 5)
        try await ledger.append(account("a"), account("b"))
        let lower = Batch.Command(
            "c", Part("space", expected: 1, events: ["space.changed.v1"]), limits: [(owner: "space", maximum: 1)])
        #expect(try await ledger.append(lower) == .init(head: 3, appended: 0, outcomes: "q", refusedAt: [1]))
        #expect(try await ledger.quota(of: "space") == "2/5")
    }

    @Test func `a limit is not set when its command is refused for its places`() async throws {
        let ledger = try await ledger(maximum: 1)
        let greedy = Batch.Command(
            "c", Part("space", expected: 1, events: ["space.changed.v1"]),
            places: [(owner: "space", delta: 3)], limits: [(owner: "space", maximum: 2)])
        #expect(try await ledger.append(greedy).outcomes == "q")
        #expect(try await ledger.quota(of: "space") == "0/1")
    }
}
