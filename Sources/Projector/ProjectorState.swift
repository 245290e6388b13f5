import PostgresClient
import Synchronization

/// What the threads of one projector share.
final class ProjectorState: Sendable {
    private struct Contents {
        var isStopping = false
        var bells: [Bell] = []
        var running = 0
        var alarms: [ProjectorAlarm] = []
        var whenEnded: CheckedContinuation<Void, Never>?
    }

    private let contents = Mutex(Contents())
    private let events = Atomic<Int>(0)

    var isStopping: Bool { contents.withLock { $0.isStopping } }

    var foldedEvents: Int { events.load(ordering: .relaxed) }

    var alarms: [ProjectorAlarm] { contents.withLock { $0.alarms } }

    func count(_ folded: Int) { events.wrappingAdd(folded, ordering: .relaxed) }

    func raise(_ alarm: ProjectorAlarm) { contents.withLock { $0.alarms.append(alarm) } }

    func add(_ bell: Bell) { contents.withLock { $0.bells.append(bell) } }

    func ring() {
        let bells = contents.withLock { $0.bells }
        for bell in bells { bell.ring() }
    }

    func stop() {
        contents.withLock { $0.isStopping = true }
        ring()
    }

    /// Waits until so many threads, which are started after this is called, have ended.
    func waitUntilEnded(_ threads: Int, start: () -> Void) async {
        await withCheckedContinuation { continuation in
            contents.withLock {
                $0.running = threads
                $0.whenEnded = continuation
            }
            start()
        }
    }

    func threadEnded() {
        let continuation = contents.withLock { contents -> CheckedContinuation<Void, Never>? in
            contents.running -= 1
            guard contents.running == 0 else { return nil }
            defer { contents.whenEnded = nil }
            return contents.whenEnded
        }
        continuation?.resume()
    }
}
