/// One statement on its way through a pipeline.
///
/// Handed over through the inbox and then touched by the pipeline's thread alone.
// Sendable: the inbox's lock orders the hand-over, after which only one thread knows the object.
@safe
final class PipelineEntry: @unchecked Sendable {
    let statement: PostgresStatement
    let parameters: PostgresParameters
    /// In milliseconds of the monotonic clock.
    let deadline: Int64
    private var completion: ((Result<PostgresRows, PostgresError>) -> Void)?

    /// The statement as it was prepared when this was sent.
    var prepared: PreparedStatement?
    /// libpq's result, owned until `rows` or `deinit`.
    private var result: OpaquePointer?
    var failure: PostgresError?
    /// Whether another statement of the same synchronisation failed before this one's turn.
    var isSkipped = false
    /// Whether it was sent anew for a stale preparing, which happens once.
    var isRepeated = false
    /// Whether it must not share a synchronisation any more.
    var isAlone = false

    init(
        statement: PostgresStatement, parameters: PostgresParameters, deadline: Int64,
        completion: @escaping (Result<PostgresRows, PostgresError>) -> Void
    ) {
        self.statement = statement
        self.parameters = parameters
        self.deadline = deadline
        self.completion = completion
    }

    deinit {
        if let result = unsafe result { unsafe release(result) }
    }

    /// Whether somebody still waits.
    var isAwaited: Bool { completion != nil }

    /// Whether this may share a synchronisation point with its neighbours.
    var mayShare: Bool { statement.isReadOnly && !isAlone }

    func keep(_ result: OpaquePointer) {
        if let former = unsafe self.result { unsafe release(former) }
        unsafe self.result = result
    }

    func rows(warnings: [String]) -> PostgresRows? {
        guard let result = unsafe result else { return nil }
        unsafe self.result = nil
        return unsafe PostgresRows(takingOwnershipOf: result, warnings: warnings)
    }

    /// Clears what the last attempt left.
    func prepareForSending() {
        prepared = nil
        failure = nil
        isSkipped = false
        if let result = unsafe result {
            unsafe release(result)
            unsafe self.result = nil
        }
    }

    /// Answers the one who waits; only the first answer counts.
    ///
    /// - Returns: Whether this was the first.
    func complete(_ result: Result<PostgresRows, PostgresError>) -> Bool {
        guard let completion = completion.take() else { return false }
        completion(result)
        return true
    }

    private func release(_ result: OpaquePointer) {
        // Its only owner until now; the rows clear it as they go.
        _ = unsafe PostgresRows(takingOwnershipOf: result, warnings: [])
    }
}
