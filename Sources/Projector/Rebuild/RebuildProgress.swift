import Synchronization

/// How far a rebuild is, as its threads report it, and whether they are to stop.
final class RebuildProgress: Sendable {
    private struct Contents {
        var isStopped = false
        /// Parts of the ids' space, of 1 in all.
        var finished = 0.0
        var underWay: [Int: Double] = [:]
        var head: Int64 = 0
        var firstDone: (milliseconds: Int64, events: Double)?
    }

    private let contents = Mutex(Contents())

    var isStopped: Bool { contents.withLock { $0.isStopped } }

    func stop() { contents.withLock { $0.isStopped = true } }

    /// - Throws: ``RebuildInterruption`` once the threads are to stop.
    func check() throws {
        if isStopped { throw RebuildInterruption() }
    }

    func begin(head: Int64, finished: Double) {
        contents.withLock { contents in
            contents.head = head
            contents.finished = finished
            contents.firstDone = (Pace.nowMilliseconds, finished * Double(head))
        }
    }

    /// A thread has folded so much of its range.
    func report(_ thread: Int, _ share: Double) { contents.withLock { $0.underWay[thread] = share } }

    /// A thread's range is written.
    func finish(_ thread: Int, _ share: Double) {
        contents.withLock { contents in
            contents.underWay[thread] = nil
            contents.finished += share
        }
    }

    /// How many events of the log are done, and how many a second since this process began.
    var now: (done: Int64, rate: Double) {
        contents.withLock { contents in
            let share = min(1, contents.finished + contents.underWay.values.reduce(0, +))
            let done = share * Double(contents.head)
            guard let first = contents.firstDone else { return (0, 0) }
            let seconds = max(0.001, Double(Pace.nowMilliseconds - first.milliseconds) / 1_000)
            return (Int64(done), max(0, done - first.events) / seconds)
        }
    }
}
