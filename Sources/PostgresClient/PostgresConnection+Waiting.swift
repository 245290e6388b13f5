internal import CPostgres
internal import Glibc

/// Waiting for the server, always in poll(2).
extension PostgresConnection {
    func openHandle() throws(PostgresError) -> OpaquePointer {
        guard let handle = unsafe handle else {
            throw PostgresError(kind: .closed, message: "the connection is closed")
        }
        return unsafe handle
    }

    /// The line broke: closes and gives the reason.
    func loss(_ handle: OpaquePointer) -> PostgresError {
        let error = unsafe PostgresError(connection: handle, isOutcomeUnknown: true)
        close()
        return error
    }

    /// Waits until the socket is ready; past the deadline the connection is closed.
    func wait(_ handle: OpaquePointer, for events: Int32, until deadline: Int64) throws(PostgresError) {
        while true {
            var descriptor = unsafe pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
            let ready = unsafe poll(&descriptor, 1, Monotonic.pollTimeout(until: deadline))
            if ready > 0 { return }
            if Monotonic.nowMilliseconds >= deadline {
                close()
                throw PostgresError(
                    kind: .timeout, message: "the server did not answer in time", isOutcomeUnknown: true)
            }
        }
    }

    /// Waits for the next result, nil at the end of the statement's results.
    func nextResult(_ handle: OpaquePointer, _ deadline: Int64) throws(PostgresError) -> OpaquePointer? {
        while true {
            let unsent = unsafe PQflush(handle)
            guard unsent >= 0 else { throw unsafe loss(handle) }
            if unsent == 0, unsafe PQisBusy(handle) == 0 { return unsafe PQgetResult(handle) }
            try unsafe wait(handle, for: unsent == 1 ? POLLIN | POLLOUT : POLLIN, until: deadline)
            guard unsafe PQconsumeInput(handle) == 1 else { throw unsafe loss(handle) }
        }
    }

    /// Reads all results of what was sent, shows each good one to `body`, and throws the first failure at the end.
    func drain(
        _ handle: OpaquePointer, _ deadline: Int64, _ body: (OpaquePointer) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        var failure: PostgresError?
        while let result = try unsafe nextResult(handle, deadline) {
            defer { unsafe PQclear(result) }
            let status = unsafe PQresultStatus(result)
            if status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE {
                if failure == nil { failure = unsafe PostgresError(result: result) }
            } else {
                try unsafe body(result)
            }
            if unsafe PQstatus(handle) == CONNECTION_BAD { break }
        }
        if let failure {
            if failure.kind == .connection { close() }
            throw failure
        }
    }

    /// Reads all results of one statement and keeps the last, which becomes the caller's.
    func drain(
        _ handle: OpaquePointer, _ deadline: Int64, keeping kept: inout OpaquePointer?
    ) throws(PostgresError) {
        var failure: PostgresError?
        while let result = try unsafe nextResult(handle, deadline) {
            let status = unsafe PQresultStatus(result)
            if status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY {
                if let former = unsafe kept { unsafe PQclear(former) }
                unsafe kept = result
                continue
            }
            if failure == nil { failure = unsafe PostgresError(result: result) }
            unsafe PQclear(result)
            if unsafe PQstatus(handle) == CONNECTION_BAD { break }
            if status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH {
                close()
                throw PostgresError(kind: .closed, message: "COPY needs copyIn or copyOut")
            }
        }
        if let failure {
            if failure.kind == .connection { close() }
            throw failure
        }
    }
}
