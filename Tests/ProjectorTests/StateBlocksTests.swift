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
}
