import AccountDomain
import EventCoding

/// A stream while a range of streams is folded: all but its state, so that it is one type for every projection.
struct RangeEntry {
    let stream: StreamID
    var version: Int32 = 0
    var applied: Int32 = 0
    /// Nil once it is destroyed.
    var key: StreamKey?
    var epoch: Int32 = 0
    /// Whether it cannot be folded; why is told apart, for few are like that.
    var isPoisoned = false

    /// Where the reference to the key's bytes stands.
    static let keyOffset = MemoryLayout<RangeEntry>.offset(of: \.key) ?? 0

    init(_ stream: StreamID) { self.stream = stream }
}
