import Synchronization

/// Tells everybody who needs to know that the server is going down.
///
/// `/health/ready` reads `isDraining`; streams wait for it and end themselves.
public final class Drain: Sendable {
    private struct State {
        var isDraining = false
        var deadline: ContinuousClock.Instant?
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let flag = Atomic(false)
    private let state = Mutex(State())

    /// Makes one that is not draining.
    public init() {}

    /// Whether the server is going down.
    public var isDraining: Bool { flag.load(ordering: .relaxed) }

    /// Whether the time for requests under way is over too.
    var isOver: Bool {
        guard isDraining else { return false }
        return state.withLock { state in state.deadline.map { $0 <= .now } ?? false }
    }

    /// Begins the drain; a second call changes nothing.
    func begin(limit: Duration) {
        let waiters = state.withLock { state in
            guard !state.isDraining else { return [CheckedContinuation<Void, Never>]() }
            state.isDraining = true
            state.deadline = .now + limit
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        flag.store(true, ordering: .relaxed)
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when the drain begins, or the task is cancelled.
    public func wait() async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // Looked at under the lock: a cancellation from here on finds the waiter and removes it.
                    if state.isDraining || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
