internal import CPostgres
internal import Glibc

/// A blocking connection, for use on one thread of its own and never on the cooperative pool.
///
/// All waiting happens in poll(2) with a deadline. Whenever the state of the session is unknown afterwards (a deadline
/// passed, the line broke) the connection is closed; nothing is ever cancelled on the server, since a cancelled commit
/// may report success.
@safe
public final class PostgresConnection {
    /// Owned until `close`.
    private(set) var handle: OpaquePointer?
    let notices = NoticeLog()
    let prepared = PreparedStatements()
    /// What a statement without a deadline of its own is given: the server's limit and then some.
    private let defaultDeadlineMilliseconds: Int?
    /// The id of the server process, which stays known after `close`.
    public private(set) var backendPID: Int32 = 0

    /// Connects and sets up the session.
    ///
    /// - Throws: `connection` when no host named takes the session in time, or the URL is malformed.
    public convenience init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        try self.init(configuration) { true }
    }

    /// Connects; `goesOn` is asked every few milliseconds while the servers let wait, and ends the attempt with false.
    init(_ configuration: PostgresConfiguration, goesOn: () -> Bool) throws(PostgresError) {
        let limit = configuration.statementTimeoutMilliseconds
        defaultDeadlineMilliseconds = limit > 0 ? limit + configuration.stallLimitMilliseconds : nil
        let parameters = try configuration.connectionParameters()
        let deadline = try configuration.connectDeadline()
        guard let handle = unsafe Self.start(parameters) else {
            throw PostgresError(kind: .connection, message: "no memory for a connection")
        }
        unsafe self.handle = handle
        unsafe notices.attach(to: handle)
        do throws(PostgresError) {
            try unsafe Self.finishConnecting(handle, deadline, goesOn)
            guard unsafe PQsetnonblocking(handle, 1) == 0 else { throw unsafe PostgresError(connection: handle) }
        } catch {
            close()
            throw error
        }
        backendPID = unsafe PQbackendPID(handle)
    }

    deinit {
        close()
    }

    /// Whether the connection is of no use any more.
    public var isBroken: Bool {
        guard let handle = unsafe handle else { return true }
        return unsafe PQstatus(handle) != CONNECTION_OK
    }

    /// The SQLSTATE of each warning that came with the last statement.
    ///
    /// `01000` after a commit is how the server says that it did not wait for its synchronous standby.
    public var lastWarnings: [String] { notices.warnings }

    /// Ends the session; a second call does nothing.
    public func close() {
        guard let handle = unsafe handle else { return }
        unsafe self.handle = nil
        unsafe PQfinish(handle)
    }

    // MARK: Statements

    /// Runs a prepared statement, preparing it when it is new to this connection.
    ///
    /// - Parameters:
    ///   - statement: What to run.
    ///   - parameters: Its parameters.
    ///   - deadlineMilliseconds: How long to wait; past it the connection is closed. When not given, the session's
    ///     statement time-out and a little more.
    /// - Returns: Its rows.
    /// - Throws: What the server says, or `connection`, `timeout`, `closed`.
    @discardableResult
    public func query(
        _ statement: PostgresStatement, _ parameters: PostgresParameters = PostgresParameters(),
        deadlineMilliseconds: Int? = nil
    ) throws(PostgresError) -> PostgresRows {
        let handle = try unsafe openHandle()
        if let mismatch = PreparedStatements.mismatch(statement, parameters) { throw mismatch }
        let deadline = Monotonic.deadline(inMilliseconds: deadlineMilliseconds ?? defaultDeadlineMilliseconds)
        notices.clear()
        let ready = try unsafe prepare(statement, on: handle, deadline)
        do throws(PostgresError) {
            return try unsafe run(ready, parameters, on: handle, deadline)
        } catch {
            // Inside a transaction nothing can be repeated: the error ended it.
            guard error.asksForPreparingAgain, unsafe PQtransactionStatus(handle) == PQTRANS_IDLE else { throw error }
            prepared.forget(ready)
            let again = try unsafe prepare(statement, on: handle, deadline)
            return try unsafe run(again, parameters, on: handle, deadline)
        }
    }

    /// Runs a script of any number of statements in the simple protocol.
    ///
    /// Without `BEGIN` in it the whole script is one transaction.
    ///
    /// - Parameters:
    ///   - script: The text, without parameters.
    ///   - deadlineMilliseconds: How long to wait; past it the connection is closed. Without end when not given.
    /// - Throws: The first failure.
    public func execute(script: String, deadlineMilliseconds: Int? = nil) throws(PostgresError) {
        _ = try run(script: script, Monotonic.deadline(inMilliseconds: deadlineMilliseconds))
    }

    /// Runs a script and gives the tag of its last statement (`COMMIT`, `ROLLBACK`, …).
    func run(script: String, _ deadline: Int64) throws(PostgresError) -> String {
        let handle = try unsafe openHandle()
        notices.clear()
        guard unsafe PQsendQuery(handle, script) == 1 else { throw unsafe loss(handle) }
        var tag = ""
        try unsafe drain(handle, deadline) { result throws(PostgresError) in
            if let text = unsafe PQcmdStatus(result) { tag = unsafe String(cString: text) }
            let status = unsafe PQresultStatus(result)
            if status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH {
                close()
                throw PostgresError(kind: .closed, message: "COPY is not for scripts")
            }
        }
        return tag
    }

    private func prepare(
        _ statement: PostgresStatement, on handle: OpaquePointer, _ deadline: Int64
    ) throws(PostgresError) -> PreparedStatement {
        if let ready = prepared[statement] { return ready }
        guard let ready = unsafe prepared.sendPreparing(statement, on: handle) else { throw unsafe loss(handle) }
        do throws(PostgresError) {
            try unsafe drain(handle, deadline) { _ throws(PostgresError) in }
        } catch {
            prepared.forget(ready)
            throw error
        }
        return ready
    }

    private func run(
        _ ready: PreparedStatement, _ parameters: PostgresParameters, on handle: OpaquePointer, _ deadline: Int64
    ) throws(PostgresError) -> PostgresRows {
        guard unsafe prepared.send(ready, parameters, on: handle) else { throw unsafe loss(handle) }
        var kept: OpaquePointer?
        do throws(PostgresError) {
            try unsafe drain(handle, deadline, keeping: &kept)
        } catch {
            if let kept = unsafe kept { unsafe PQclear(kept) }
            throw error
        }
        guard let kept = unsafe kept else { throw unsafe loss(handle) }
        return unsafe PostgresRows(takingOwnershipOf: kept, warnings: notices.warnings)
    }

    // MARK: Connecting

    private static func start(_ parameters: [(keyword: String, value: String)]) -> OpaquePointer? {
        let keywords = unsafe parameters.map { unsafe strdup($0.keyword) }
        let values = unsafe parameters.map { unsafe strdup($0.value) }
        defer { unsafe (keywords + values).forEach { unsafe free($0) } }
        let keywordList = unsafe keywords.map { unsafe UnsafePointer<CChar>($0) } + [nil]
        let valueList = unsafe values.map { unsafe UnsafePointer<CChar>($0) } + [nil]
        return unsafe PQconnectStartParams(keywordList, valueList, 1)
    }

    private static func finishConnecting(
        _ handle: OpaquePointer, _ deadline: Int64, _ goesOn: () -> Bool
    ) throws(PostgresError) {
        guard unsafe PQstatus(handle) != CONNECTION_BAD else { throw unsafe PostgresError(connection: handle) }
        // libpq asks for the first poll to be taken as if it wanted to write.
        var wanted = PGRES_POLLING_WRITING
        while true {
            let events = Int16(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT)
            var descriptor = unsafe pollfd(fd: PQsocket(handle), events: events, revents: 0)
            while unsafe poll(&descriptor, 1, 20) <= 0 {
                guard goesOn() else { throw PostgresError(kind: .closed, message: "closed while connecting") }
                guard Monotonic.nowMilliseconds < deadline else {
                    throw PostgresError(kind: .connection, message: "connecting took too long")
                }
            }
            wanted = unsafe PQconnectPoll(handle)
            if wanted == PGRES_POLLING_OK { return }
            if wanted == PGRES_POLLING_FAILED { throw unsafe PostgresError(connection: handle) }
        }
    }
}
