import AccountDomain
import Synchronization

/// Neighbouring streams, by the first eight bytes of their ids; all whose first eight bytes are the same go together.
struct StreamRange: Sendable, Equatable {
    var first: UInt64
    var last: UInt64

    static let all = StreamRange(first: 0, last: .max)

    var streams: ClosedRange<StreamID> { StreamID(high: first, low: 0)...StreamID(high: last, low: .max) }

    /// Its part of the whole space.
    var share: Double { (Double(last - first) + 1) / 0x1p64 }

    /// Cuts it in two halves; nil when it holds one place only.
    var halves: (StreamRange, StreamRange)? {
        guard first < last else { return nil }
        let middle = first + (last - first) / 2
        return (StreamRange(first: first, last: middle), StreamRange(first: middle + 1, last: last))
    }

    /// What is left of the space beside ranges that are done, in rising order.
    static func missing(beside done: [StreamRange]) -> [StreamRange] {
        var missing: [StreamRange] = []
        var next: UInt64? = 0
        for range in done.sorted(by: { $0.first < $1.first }) {
            guard let begin = next else { break }
            if range.first > begin { missing.append(StreamRange(first: begin, last: range.first - 1)) }
            next = range.last == .max ? nil : max(begin, range.last + 1)
        }
        if let begin = next { missing.append(StreamRange(first: begin, last: .max)) }
        return missing
    }
}

/// The ranges that are still to be built, handed out to the threads.
final class RangeQueue: Sendable {
    enum Next {
        case range(StreamRange)
        /// Nothing at the moment, but a range under way may turn out to be too large.
        case wait
        case done
    }

    private struct Contents {
        var waiting: [StreamRange]
        var underWay = 0
        /// How many events' worth of space fitted into memory at the last attempt.
        var widest = UInt64.max
    }

    private let contents: Mutex<Contents>

    /// A queue that gives each of `threads` something to do.
    init(_ ranges: [StreamRange], threads: Int) {
        var waiting = ranges
        while !waiting.isEmpty, waiting.count < threads {
            guard let place = waiting.indices.max(by: { waiting[$0].share < waiting[$1].share }),
                let (low, high) = waiting[place].halves
            else { break }
            waiting.replaceSubrange(place...place, with: [low, high])
        }
        contents = Mutex(Contents(waiting: waiting))
    }

    func next() -> Next {
        contents.withLock { contents in
            guard !contents.waiting.isEmpty else { return contents.underWay == 0 ? .done : .wait }
            var range = contents.waiting.removeFirst()
            if range.last - range.first > contents.widest {
                let last = range.first + contents.widest
                contents.waiting.insert(StreamRange(first: last + 1, last: range.last), at: 0)
                range.last = last
            }
            contents.underWay += 1
            return .range(range)
        }
    }

    /// A thread's range was too large: the upper part of it goes back.
    func giveBack(_ range: StreamRange, keeping kept: StreamRange) {
        contents.withLock { contents in
            contents.waiting.append(range)
            contents.widest = min(contents.widest, kept.last - kept.first)
        }
    }

    func finished() { contents.withLock { $0.underWay -= 1 } }
}
