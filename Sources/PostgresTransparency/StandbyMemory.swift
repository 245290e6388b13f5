/// The heads that a sealer saw lately, each with the length that the write-ahead log had then.
///
/// A standby tells how much of the write-ahead log it has on disk, and not which events are in it; so a head may be signed
/// once the standbys have as much as there was when it was seen. Bounded: while a standby is away for long, ever more of
/// the heads in between are forgotten, and larger steps are signed when it is back.
struct StandbyMemory {
    private struct Mark {
        let head: Int64
        let written: Int64
    }

    private let capacity: Int
    /// In the order of their heads, all of them behind `limit`.
    private var marks: [Mark] = []
    /// The largest head of which it is known that every standby has it on disk.
    private(set) var limit: Int64 = 0

    /// Remembers nothing yet, and so many heads at most.
    init(capacity: Int = 256) { self.capacity = max(2, capacity) }

    /// Which length of the write-ahead log the standbys must have for the next step; nil when nothing waits.
    var awaited: Int64? { marks.first?.written }

    /// Remembers a head.
    mutating func note(head: Int64, written: Int64) {
        // What is known is of another history then.
        if head < marks.last?.head ?? limit { self = StandbyMemory(capacity: capacity) }
        guard head > marks.last?.head ?? limit else { return }
        marks.append(Mark(head: head, written: written))
        guard marks.count > capacity else { return }
        // The first and the last stay.
        let newest = marks.count - 1
        marks = marks.enumerated().filter { $0.offset % 2 == 0 || $0.offset == newest }.map(\.element)
    }

    /// Takes note of how much of the write-ahead log every standby has on disk.
    mutating func settle(flushed: Int64) {
        let settled = marks.prefix { $0.written <= flushed }
        guard let last = settled.last else { return }
        limit = last.head
        marks.removeFirst(settled.count)
    }
}
