internal import Glibc
internal import Synchronization

/// A thread with one connection, for work that needs several statements in a row: transactions, COPY, LISTEN.
///
/// Jobs run one after the other. A connection whose state is unknown after a job is closed, and the next job gets a new
/// one.
public final class PostgresThread: Sendable {
    private typealias Job = @Sendable (Result<Lent, PostgresError>) -> Void

    /// Carries the connection into a job; it never leaves the thread.
    // Sendable: made, used and dropped on the one thread that owns the connection.
    private struct Lent: @unchecked Sendable {
        let connection: PostgresConnection
    }

    private struct Contents {
        var jobs = Ring<Job>()
        var isClosed = false
        var hasEnded = false
        var closers: [@Sendable () -> Void] = []
    }

    private final class Queue: Sendable {
        let contents = Mutex(Contents())
        let event = EventDescriptor()
        let maximumQueued: Int

        init(maximumQueued: Int) {
            self.maximumQueued = maximumQueued
        }
    }

    private let queue: Queue

    /// Starts the thread, which connects with its first job.
    ///
    /// - Parameters:
    ///   - configuration: Where to connect.
    ///   - maximumQueued: How many jobs may wait before more are refused.
    ///   - name: The thread's.
    public init(_ configuration: PostgresConfiguration, maximumQueued: Int = 256, name: String) {
        let queue = Queue(maximumQueued: maximumQueued)
        self.queue = queue
        _ = DedicatedThread(name: name) { Self.run(queue, configuration) }
    }

    deinit {
        Self.close(queue, nil)
    }

    /// Runs `body` with the connection.
    ///
    /// - Parameter body: Runs on the thread and may block; the connection must not leave it.
    /// - Returns: What `body` gives.
    /// - Throws: What `body` throws; a `PostgresError` of kind `connection` when there is no connection to be had,
    ///   `overloaded` when the queue is full, `closed` after `close`, `cancelled` when the task is cancelled already.
    @discardableResult
    public func perform<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        guard !Task.isCancelled else { throw PostgresError(kind: .cancelled, message: "the task is cancelled") }
        return try await withCheckedThrowingContinuation { continuation in
            let refusal = submit { lent in
                continuation.resume(with: Result { try body(lent.get().connection) })
            }
            if let refusal { continuation.resume(throwing: refusal) }
        }
    }

    /// Runs the jobs that wait, closes the connection and ends the thread.
    public func close() async {
        await withCheckedContinuation { continuation in
            Self.close(queue) { continuation.resume() }
        }
    }

    private func submit(_ job: @escaping Job) -> PostgresError? {
        let maximumQueued = queue.maximumQueued
        let refusal = queue.contents.withLock { contents -> PostgresError? in
            guard !contents.isClosed else { return PostgresError(kind: .closed, message: "the thread is closed") }
            guard contents.jobs.count < maximumQueued else {
                return PostgresError(kind: .overloaded, message: "\(maximumQueued) jobs wait already")
            }
            contents.jobs.append(job)
            return nil
        }
        if refusal == nil { queue.event.signal() }
        return refusal
    }

    private static func close(_ queue: Queue, _ body: (@Sendable () -> Void)?) {
        let hasEnded = queue.contents.withLock { contents in
            contents.isClosed = true
            if let body, !contents.hasEnded { contents.closers.append(body) }
            return contents.hasEnded
        }
        if hasEnded { body?() } else { queue.event.signal() }
    }

    // MARK: The thread

    private static func run(_ queue: Queue, _ configuration: PostgresConfiguration) {
        var connection: PostgresConnection?
        while true {
            let (job, isClosed) = queue.contents.withLock { ($0.jobs.popFirst(), $0.isClosed) }
            guard let job else {
                if isClosed { break }
                var descriptor = pollfd(fd: queue.event.descriptor, events: Int16(POLLIN), revents: 0)
                _ = unsafe poll(&descriptor, 1, -1)
                queue.event.reset()
                continue
            }
            do throws(PostgresError) {
                connection?.checkLiveness()
                if connection?.isBroken ?? true {
                    connection?.close()
                    connection = nil
                    connection = try PostgresConnection(configuration)
                }
                guard let connection else { continue }
                job(.success(Lent(connection: connection)))
                if !connection.isIdle { connection.close() }
            } catch {
                job(.failure(error))
            }
        }
        connection?.close()
        let closers = queue.contents.withLock { contents in
            contents.hasEnded = true
            defer { contents.closers = [] }
            return contents.closers
        }
        for closer in closers { closer() }
    }
}
