import AccountDomain
import Testing

@Suite("Aggregate") struct AggregateTests {
    static let firsts: [DomainEvent] = [
        .account(.living), .identity(.created(.sample("a@b.c"))), .space(.created(.sample())),
    ]
    static let ends: [DomainEvent] = [.account(.lifecycle(.erased(kept: []))), .identity(.ended), .space(.ended)]

    @Test(arguments: zip(firsts, ends))
    func `the first event says what a stream is, the last forgets it`(first: DomainEvent, last: DomainEvent) {
        var aggregate = Aggregate.empty
        #expect(!aggregate.isErased)
        let tookFirst = aggregate.apply(first)
        #expect(tookFirst)
        #expect(aggregate != .empty)
        #expect(!aggregate.isErased)
        let tookLast = aggregate.apply(last)
        #expect(tookLast)
        #expect(aggregate.isErased)
    }

    @Test(arguments: firsts, firsts)
    func `an event of another kind changes nothing and is told`(first: DomainEvent, second: DomainEvent) {
        guard first != second else { return }
        var aggregate = Aggregate.empty
        aggregate.apply(first)
        let before = aggregate
        let tookSecond = aggregate.apply(second)
        #expect(!tookSecond)
        #expect(aggregate == before)
    }

    @Test func `the fold is the account's own`() {
        let events: [AccountEvent] = [.living, .backup(.replaced(.sample(1))), .devices(.added(.sample(1, "phone")))]
        var aggregate = Aggregate.empty
        for event in events { aggregate.apply(.account(event)) }
        #expect(aggregate == .account(Past<Account>(all: events).state))
    }

    @Test func `a copy does not see what happens later`() {
        var aggregate = Aggregate.empty
        aggregate.apply(.account(.living))
        let copy = aggregate
        aggregate.apply(.account(.devices(.added(.sample(1, "phone")))))
        #expect(copy == .account(Given.living().state))
    }
}
