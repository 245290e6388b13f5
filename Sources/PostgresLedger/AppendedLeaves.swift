public import AccountDomain
public import EventCoding
import Synchronization

/// The leaf hashes of what this gateway appended lately, until they were compared with what was sealed.
///
/// Whoever can write to the database could change an event between its commit and the seal; the gateway that appended
/// it knows what it was. Bounded: when nothing is sealed for long, the oldest are forgotten.
public final class AppendedLeaves: Sendable {
    /// Hashes of neighbouring positions.
    private struct Run {
        let first: Int64
        let hashes: [Digest]
        var last: Int64 { first + Int64(hashes.count) - 1 }
    }

    private struct Contents {
        var runs: [Run] = []
        var count = 0
    }

    private let limit: Int
    private let contents = Mutex(Contents())

    /// Remembers nothing yet, and so many at most.
    public init(limit: Int = 131_072) { self.limit = limit }

    /// Hashes and remembers rows of one append; their boxes may be left out, for their hashes stand for them.
    public func note(_ rows: [StoredEvent]) {
        guard let first = rows.first?.position else { return }
        let run = Run(first: first, hashes: rows.map(\.leafHash))
        contents.withLock { contents in
            contents.runs.append(run)
            contents.count += run.hashes.count
            guard contents.count > limit else { return }
            var dropped = 0
            while contents.count > limit, dropped < contents.runs.count {
                contents.count -= contents.runs[dropped].hashes.count
                dropped += 1
            }
            contents.runs.removeFirst(dropped)
        }
    }

    /// What is remembered of the positions up to one.
    public func known(through position: Int64) -> [(position: Int64, hash: Digest)] {
        let runs = contents.withLock { $0.runs }
        var known: [(position: Int64, hash: Digest)] = []
        for run in runs where run.first <= position {
            for (offset, hash) in run.hashes.enumerated() where run.first + Int64(offset) <= position {
                known.append((run.first + Int64(offset), hash))
            }
        }
        return known
    }

    /// Forgets the positions up to one.
    public func forget(through position: Int64) {
        contents.withLock { contents in
            contents.runs = contents.runs.compactMap { run in
                if run.first > position { return run }
                guard run.last > position else { return nil }
                return Run(first: position + 1, hashes: Array(run.hashes.dropFirst(Int(position - run.first) + 1)))
            }
            contents.count = contents.runs.reduce(0) { $0 + $1.hashes.count }
        }
    }

    /// How many are remembered.
    public var count: Int { contents.withLock { $0.count } }
}
