import PostgresClient
import Synchronization
import Transparency

/// What the sealer's thread and its owner share.
final class SealerState: Sendable {
    private struct Contents {
        var isStopping = false
        var fault: SealingFault?
        var newest: SealedCheckpoint?
        var trouble: String?
        var hold: String?
        var followers: [AsyncStream<Int64>.Continuation] = []
        var whenEnded: CheckedContinuation<Void, Never>?
    }

    private let contents = Mutex(Contents())
    private let isListening = Atomic(false)
    let bell = Bell()

    var isStopping: Bool { contents.withLock { $0.isStopping } }

    var fault: SealingFault? { contents.withLock { $0.fault } }

    /// The newest checkpoint that was published here.
    var newest: SealedCheckpoint? { contents.withLock { $0.newest } }

    /// Why the newest checkpoint could not be kept outside the database; nil when it could.
    var trouble: String? { contents.withLock { $0.trouble } }

    /// Which standby keeps the newest events from being sealed, and why; nil when none does.
    var hold: String? { contents.withLock { $0.hold } }

    func raise(_ fault: SealingFault) { contents.withLock { $0.fault = fault } }

    func note(_ checkpoint: SealedCheckpoint) {
        contents.withLock { contents in
            contents.newest = checkpoint
            for follower in contents.followers { follower.yield(checkpoint.size) }
        }
    }

    /// The sizes that are published from now on, and the one that was last; of several that wait the newest stays.
    func follow() -> AsyncStream<Int64> {
        let (sizes, follower) = AsyncStream<Int64>.makeStream(bufferingPolicy: .bufferingNewest(1))
        contents.withLock { contents in
            contents.followers.append(follower)
            if let newest = contents.newest { follower.yield(newest.size) }
        }
        return sizes
    }

    func note(trouble: String?) { contents.withLock { $0.trouble = trouble } }

    func note(hold: String?) { contents.withLock { $0.hold = hold } }

    /// Tells that the log has grown; costs next to nothing while nobody waits for it.
    func grew() {
        if isListening.exchange(false, ordering: .acquiringAndReleasing) { bell.ring() }
    }

    /// Waits until the log has grown, or the time is over.
    func waitForGrowth(milliseconds: Int) {
        isListening.store(true, ordering: .releasing)
        bell.wait(milliseconds: milliseconds)
        isListening.store(false, ordering: .releasing)
    }

    func stop() {
        contents.withLock { $0.isStopping = true }
        bell.ring()
    }

    /// Runs `start`, and waits until the thread that it starts has ended.
    func waitUntilEnded(start: () -> Void) async {
        await withCheckedContinuation { continuation in
            contents.withLock { $0.whenEnded = continuation }
            start()
        }
    }

    func threadEnded() {
        let continuation = contents.withLock { contents in
            defer { contents.whenEnded = nil }
            return contents.whenEnded
        }
        continuation?.resume()
    }
}
