import AccountDomain
import EventCoding

/// A stream while a range of streams is folded: all but its state, so that it is one type for every projection.
///
/// An object, so that an event costs one look-up.
final class RangeEntry {
    let stream: StreamID
    /// The place of its state.
    var place: Int
    var version: Int32 = 0
    var applied: Int32 = 0
    /// Nil once it is destroyed.
    var key: StreamKey?
    var epoch: Int32 = 0
    var poison: PoisonError?
    /// Why its key does not do, known before its first event is met.
    var reason: String?

    init(_ stream: StreamID, place: Int) {
        self.stream = stream
        self.place = place
    }
}

/// The states of many streams, in blocks: one array would be copied whole, and stand twice in memory, whenever it grows.
struct StateBlocks<State> {
    private static var bits: Int { 10 }

    private var blocks: [[State]] = []
    /// How many states there are.
    private(set) var count = 0

    /// Adds a state; its place is what ``count`` was.
    mutating func append(_ state: State) {
        if count >> Self.bits == blocks.count {
            blocks.append([])
            blocks[blocks.count - 1].reserveCapacity(1 << Self.bits)
        }
        blocks[blocks.count - 1].append(state)
        count += 1
    }

    subscript(place: Int) -> State {
        _read { yield blocks[place >> Self.bits][place & (1 << Self.bits - 1)] }
        _modify { yield &blocks[place >> Self.bits][place & (1 << Self.bits - 1)] }
    }
}
