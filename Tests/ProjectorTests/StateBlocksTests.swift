import Testing

@testable import Projector

@Suite struct `Blocks of states` {
    private final class Witness {}

    @Test func `states keep their places over many blocks`() {
        let blocks = StateBlocks<[Int]>()
        for place in 0..<5_000 { blocks.append([place]) }
        for place in stride(from: 0, to: 5_000, by: 7) { blocks[place].append(1) }
        #expect(blocks.count == 5_000)
        #expect((0..<5_000).allSatisfy { blocks[$0] == ($0 % 7 == 0 ? [$0, 1] : [$0]) })
    }

    @Test func `what they hold is let go of, whether they are given up or end`() {
        weak var first: Witness?
        weak var second: Witness?
        do {
            let blocks = StateBlocks<Witness>()
            let witness = Witness()
            first = witness
            blocks.append(witness)
            blocks.removeAll()
            #expect(blocks.count == 0)
            let other = Witness()
            second = other
            blocks.append(other)
        }
        #expect(first == nil)
        #expect(second == nil)
    }

    @Test func `states are handed over in order, and nothing is left`() {
        let blocks = StateBlocks<[Int]>()
        for place in 0..<3_000 { blocks.append([place]) }
        var taken: [Int] = []
        blocks.consume { place, state in
            #expect(state == [place])
            taken.append(place)
        }
        #expect(taken == Array(0..<3_000))
        #expect(blocks.count == 0)
        blocks.append([1])
        #expect(blocks[0] == [1])
    }

    @Test(arguments: [0, 5, 1_023, 1_024, 2_999])
    func `when taking them fails, the rest is let go of`(last: Int) {
        struct Stop: Error {}
        weak var rest: Witness?
        let blocks = StateBlocks<Witness>()
        for _ in 0..<3_000 { blocks.append(Witness()) }
        do {
            let witness = Witness()
            rest = witness
            blocks.append(witness)
        }
        #expect(throws: Stop.self) {
            try blocks.consume { place, _ in if place == last { throw Stop() } }
        }
        #expect(rest == nil)
        #expect(blocks.count == 0)
    }
}
