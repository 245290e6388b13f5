/// The states of many streams, in blocks: one array would be copied whole, and stand twice in memory, whenever it grows.
///
/// Code that is generic over a projection reaches a state in every event; in plain memory that takes no look-up of the
/// types of arrays, which would cost as much as the fold.
final class StateBlocks<State> {
    private static var bits: Int { 10 }

    // Sound: each block has room for `1 << bits` states, those below `count` are initialised, and only `deinit` and
    // `removeAll` give them up.
    private var blocks: [UnsafeMutableRawPointer] = []
    /// How many states there are.
    private(set) var count = 0

    deinit { removeAll() }

    /// Adds a state; its place is what ``count`` was.
    func append(_ state: State) {
        if count >> Self.bits == blocks.count {
            blocks.append(
                UnsafeMutableRawPointer.allocate(
                    byteCount: MemoryLayout<State>.stride << Self.bits, alignment: MemoryLayout<State>.alignment))
        }
        pointer(count).initialize(to: state)
        count += 1
    }

    subscript(place: Int) -> State {
        _read {
            precondition(place >= 0 && place < count)
            yield pointer(place).pointee
        }
        _modify {
            precondition(place >= 0 && place < count)
            yield &pointer(place).pointee
        }
    }

    /// Gives all of them up.
    func removeAll() {
        for place in 0..<count { pointer(place).deinitialize(count: 1) }
        for block in blocks { block.deallocate() }
        blocks = []
        count = 0
    }

    private func pointer(_ place: Int) -> UnsafeMutablePointer<State> {
        blocks[place >> Self.bits].assumingMemoryBound(to: State.self) + place & (1 << Self.bits - 1)
    }
}
