internal import CPostgres

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// Whenever the session's state is unknown afterwards the connection is closed.
    ///
    /// - Throws: What `body` throws; the failure of the commit, whose `isOutcomeUnknown` tells whether it may stand all
    ///   the same. A warning at the commit (the synchronous standby was not waited for) counts as such a failure.
    @discardableResult
    public func transaction<T>(_ body: (PostgresConnection) throws -> T) throws -> T {
        try execute(script: "BEGIN")
        let value: T
        do {
            value = try body(self)
        } catch {
            rollBack()
            throw error
        }
        // No deadline: the wait for a standby may be long, and keep-alive notices a dead line.
        let tag = try run(script: "COMMIT", Monotonic.never)
        guard tag == "COMMIT" else {
            throw PostgresError(kind: .server, sqlState: "25P02", message: "the transaction had failed already")
        }
        guard !lastWarnings.contains("01000") else {
            throw PostgresError(
                kind: .server, sqlState: "01000", message: "the commit came with a warning", isOutcomeUnknown: true)
        }
        return value
    }

    /// Whether the session is in no transaction; false as well when the connection is broken.
    public var isIdle: Bool {
        guard let handle = unsafe handle else { return false }
        return unsafe PQtransactionStatus(handle) == PQTRANS_IDLE
    }

    private func rollBack() {
        guard !isBroken else { return close() }
        do throws(PostgresError) {
            _ = try run(script: "ROLLBACK", Monotonic.deadline(inMilliseconds: 5000))
        } catch {
            close()
        }
        if !isIdle { close() }
    }
}
