/// Concurrent statements on one connection, which a thread of its own serves.
///
/// Each statement is its own transaction; the failure of one is its own as well. Whatever waits when the thread turns is
/// sent together and the answers are read together, so that many callers share few system calls and no round trip is
/// waited for. The thread connects by itself and connects anew after a loss, backing off from 50 ms to 2 s.
public final class PostgresPipeline: Sendable {
    /// What a health check may want to know.
    public enum State: Sendable, Equatable {
        /// Statements go straight to the server.
        case connected
        /// Statements wait for a connection.
        case connecting
        /// Statements are refused.
        case closed
    }

    private let inbox: PipelineInbox

    /// Starts the thread, which connects at once.
    ///
    /// - Parameters:
    ///   - configuration: Where to connect.
    ///   - maximumQueued: How many statements may be unanswered before more are refused.
    ///   - name: The thread's.
    ///   - onConnect: Runs on the thread with each fresh connection before statements go there; when it throws, the
    ///     connection is closed and made again after a pause.
    public init(
        _ configuration: PostgresConfiguration, maximumQueued: Int = 4096, name: String,
        onConnect: (@Sendable (PostgresConnection) throws -> Void)? = nil
    ) {
        let inbox = PipelineInbox(maximumQueued: maximumQueued)
        self.inbox = inbox
        _ = DedicatedThread(name: name) {
            PipelineLoop(configuration, inbox, onConnect: onConnect).run()
        }
    }

    deinit {
        inbox.close(deadline: Monotonic.deadline(inMilliseconds: Self.closeBoundMilliseconds), nil)
    }

    /// Whether statements go through.
    public var state: State { inbox.state }

    /// Why there is no connection, nil when there is one or none was tried yet.
    public var lastFailure: PostgresError? { inbox.lastFailure }

    /// The server process that serves the newest connection; 0 before the first.
    public var backendID: Int32 { inbox.backendID }

    /// How many statements are unanswered.
    public var outstandingCount: Int { inbox.outstandingCount }

    /// Hands a statement over.
    ///
    /// - Parameters:
    ///   - statement: What to run.
    ///   - parameters: Its parameters.
    ///   - deadlineMilliseconds: How long it may take, waiting included. Past it the answer is `timeout` (`connection`
    ///     while there is none); whether it took effect all the same, `isOutcomeUnknown` tells.
    ///   - completion: Runs exactly once, on the pipeline's thread, or on the caller's when the statement is refused at
    ///     once. It must not block. What it submits goes out in the same turn.
    public func submit(
        _ statement: PostgresStatement, _ parameters: PostgresParameters = PostgresParameters(),
        deadlineMilliseconds: Int = 5000,
        completion: @escaping @Sendable (Result<PostgresRows, PostgresError>) -> Void
    ) {
        if let mismatch = PreparedStatements.mismatch(statement, parameters) { return completion(.failure(mismatch)) }
        let entry = PipelineEntry(
            statement: statement, parameters: parameters,
            deadline: Monotonic.deadline(inMilliseconds: deadlineMilliseconds), completion: completion)
        if let refusal = inbox.submit(entry) { _ = entry.complete(.failure(refusal)) }
    }

    /// Runs a statement and waits for its rows.
    ///
    /// - Parameters:
    ///   - statement: What to run.
    ///   - parameters: Its parameters.
    ///   - deadlineMilliseconds: How long it may take, waiting included.
    /// - Returns: Its rows.
    /// - Throws: `cancelled` when the task is cancelled already. A later cancellation does not take the statement back;
    ///   the deadline bounds the wait.
    @discardableResult
    public func query(
        _ statement: PostgresStatement, _ parameters: PostgresParameters = PostgresParameters(),
        deadlineMilliseconds: Int = 5000
    ) async throws(PostgresError) -> PostgresRows {
        guard !Task.isCancelled else { throw PostgresError(kind: .cancelled, message: "the task is cancelled") }
        // Resumed exactly once: `submit` promises that of its completion.
        let result = await unsafe withUnsafeContinuation {
            (continuation: UnsafeContinuation<Result<PostgresRows, PostgresError>, Never>) in
            submit(statement, parameters, deadlineMilliseconds: deadlineMilliseconds) { result in
                unsafe continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Runs a closure on the connection's thread in its next turn; what it submits goes out in that turn.
    ///
    /// - Parameter body: Must not block.
    /// - Returns: Whether it will run; false after `close`.
    @discardableResult
    public func perform(onThread body: @escaping @Sendable () -> Void) -> Bool {
        inbox.perform(body)
    }

    /// Runs a closure on the connection's thread as soon as what waits is on its way to the server.
    ///
    /// - Parameter body: Must not block.
    /// - Returns: Whether it will run; false after `close`.
    @discardableResult
    public func performAfterSending(_ body: @escaping @Sendable () -> Void) -> Bool {
        inbox.performAfterSending(body)
    }

    /// Finishes what was submitted, for five seconds at most, and closes the connection.
    ///
    /// Later submissions fail with `closed`.
    public func close() async {
        let deadline = Monotonic.deadline(inMilliseconds: Self.closeBoundMilliseconds)
        await withCheckedContinuation { continuation in
            inbox.close(deadline: deadline) { continuation.resume() }
        }
    }

    private static let closeBoundMilliseconds = 5000
}
