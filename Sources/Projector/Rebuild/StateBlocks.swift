import CAllocator

/// The states of many streams, in blocks: one array would be copied whole, and stand twice in memory, whenever it grows.
///
/// Code that is generic over a projection reaches a state in every event; in plain memory that takes no look-up of the
/// types of arrays, which would cost as much as the fold.
final class StateBlocks<State> {
    private static var bits: Int { 10 }

    // Sound: each block has room for `1 << bits` states, those from `first` to `count` are initialised, and only
    // `deinit`, `removeAll` and `consume` give them up.
    private var blocks: [UnsafeMutableRawPointer] = []
    private var first = 0
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

    /// Has the processor fetch a state that is used a little later.
    func prefetch(_ place: Int) {
        let begin = UnsafeRawPointer(pointer(place))
        for offset in stride(from: 0, to: MemoryLayout<State>.stride, by: 64) { memory_prefetch(begin + offset) }
    }

    /// Has the processor fetch what a word of a state refers to; it is a hint, so any word will do.
    func prefetchReferent(_ place: Int, at offset: Int) {
        let word = UnsafeRawPointer(pointer(place)).loadUnaligned(fromByteOffset: offset, as: UInt.self)
        guard let address = UnsafeRawPointer(bitPattern: word) else { return }
        memory_prefetch(address)
        memory_prefetch(address + 64)
    }

    /// Hands all of them over, in order; the memory behind is given up on the way, and so is the rest upon an error.
    func consume(_ body: (Int, consuming State) throws -> Void) rethrows {
        defer { removeAll() }
        for place in 0..<count {
            let state = pointer(place).move()
            first = place + 1
            if first & (1 << Self.bits - 1) == 0 { free(place >> Self.bits) }
            try body(place, state)
        }
    }

    /// Gives all of them up.
    func removeAll() {
        for place in first..<count { pointer(place).deinitialize(count: 1) }
        for block in first >> Self.bits..<blocks.count { free(block) }
        blocks = []
        first = 0
        count = 0
    }

    private func free(_ block: Int) { blocks[block].deallocate() }

    private func pointer(_ place: Int) -> UnsafeMutablePointer<State> {
        blocks[place >> Self.bits].assumingMemoryBound(to: State.self) + place & (1 << Self.bits - 1)
    }
}
