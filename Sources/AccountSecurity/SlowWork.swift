/// Runs what takes long (password hashing, RSA keys, certificates, archives) on a few threads of its own.
///
/// The threads have a low priority, so answering requests goes first, and the queue is bounded, so a flood of logins is
/// refused while it is still cheap to refuse. Threads start when there is something to do.
public final class SlowWork: Sendable {
    /// The queue is full: try again later.
    public struct Overloaded: Error, Sendable, Equatable {
        /// Creates the error.
        public init() {}
    }

    /// The pool was shut down before the work began.
    public struct Ended: Error, Sendable, Equatable {
        /// Creates the error.
        public init() {}
    }

    /// Who goes first.
    public enum Urgency: Sendable, Equatable {
        /// Somebody waits for it.
        case normal
        /// Runs when nothing else waits, and where there are several threads always leaves one of them free.
        case whenIdle
    }

    private let queue: SlowWorkQueue

    /// Creates a pool of so many threads, and a queue of so many entries for each urgency.
    public init(threads: Int = 2, queueLength: Int = 128) {
        queue = SlowWorkQueue(threads: max(1, threads), length: max(1, queueLength))
    }

    deinit {
        queue.abandon()
    }

    /// How much waits for a thread; what runs already is not counted.
    public var waiting: Int { queue.waiting }

    /// Runs `body` on a thread of the pool and hands back what it returns or throws.
    ///
    /// Throws `Overloaded` at once when the queue is full, `Ended` after `shutdown()`, and `CancellationError` when the
    /// task is cancelled before `body` began. Once begun, `body` runs to its end.
    public func run<T: Sendable>(
        _ urgency: Urgency = .normal, _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try Task.checkCancellation()
        let id = queue.makeID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<T, any Error>) in
                let job = SlowWorkQueue.Job(
                    id: id,
                    run: { continuation.resume(with: Result { try body() }) },
                    refuse: { continuation.resume(throwing: $0) })
                queue.add(job, urgency)
                // A cancellation that came before the line above found nothing to take out.
                if Task.isCancelled { queue.cancel(id) }
            }
        } onCancel: {
            queue.cancel(id)
        }
    }

    /// Has `body` run some time, without anyone waiting for it.
    ///
    /// When it will not run, because the queue is full or the pool ends, `refused` is called instead, perhaps before
    /// this returns.
    public func submit(
        _ urgency: Urgency, _ body: @escaping @Sendable () -> Void,
        refused: @escaping @Sendable (any Error) -> Void
    ) {
        queue.add(SlowWorkQueue.Job(id: queue.makeID(), run: body, refuse: refused), urgency)
    }

    /// Refuses all that has not begun, waits for what has, and ends the threads.
    ///
    /// Afterwards the pool refuses everything. May be called more than once.
    public func shutdown() async {
        await queue.close()
    }
}
