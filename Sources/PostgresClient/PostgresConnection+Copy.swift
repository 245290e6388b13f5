internal import CPostgres
internal import Glibc

extension PostgresConnection {
    /// Runs `COPY … FROM STDIN (FORMAT binary)` with the rows `body` writes.
    ///
    /// - Parameters:
    ///   - sql: The COPY statement.
    ///   - body: Writes the rows; when it throws, none of them is kept.
    /// - Returns: How many rows were copied.
    /// - Throws: What `body` throws, and what the server says.
    @discardableResult
    public func copyIn(_ sql: String, _ body: (inout PostgresCopyWriter) throws -> Void) throws -> Int {
        let handle = try unsafe startCopy(sql, PGRES_COPY_IN)
        var writer = PostgresCopyWriter(connection: self)
        do {
            try body(&writer)
            try writer.finish()
        } catch {
            if !isBroken {
                try? unsafe endCopy(handle, refusing: "the rows could not be made")
            }
            throw error
        }
        try unsafe endCopy(handle, refusing: nil)
        var rows = 0
        try unsafe drain(handle, Monotonic.never) { result throws(PostgresError) in
            if let text = unsafe PQcmdTuples(result) { rows = unsafe Int(String(cString: text)) ?? 0 }
        }
        return rows
    }

    /// Runs `COPY … TO STDOUT (FORMAT binary)` and shows each row to `row`.
    ///
    /// - Parameters:
    ///   - sql: The COPY statement.
    ///   - row: Reads one row; when it throws, the connection is closed, since the rest would have to be read first.
    /// - Throws: What `row` throws, and what the server says.
    public func copyOut(_ sql: String, _ row: (inout PostgresCopyReader) throws -> Void) throws {
        let handle = try unsafe startCopy(sql, PGRES_COPY_OUT)
        var isFirst = true
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = unsafe PQgetCopyData(handle, &buffer, 1)
            if length == 0 {
                try unsafe wait(handle, for: POLLIN, until: Monotonic.never)
                guard unsafe PQconsumeInput(handle) == 1 else { throw unsafe loss(handle) }
                continue
            }
            guard length > 0 else { break }
            defer { unsafe PQfreemem(buffer) }
            do {
                let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: Int(length))
                var reader = try unsafe PostgresCopyReader(bytes, hasHeader: isFirst)
                isFirst = false
                while try reader.beginRow() {
                    try row(&reader)
                    try reader.skipRest()
                }
            } catch {
                close()
                throw error
            }
        }
        try unsafe drain(handle, Monotonic.never) { _ throws(PostgresError) in }
    }

    private func startCopy(_ sql: String, _ expected: ExecStatusType) throws(PostgresError) -> OpaquePointer {
        let handle = try unsafe openHandle()
        notices.clear()
        guard unsafe PQsendQuery(handle, sql) == 1 else { throw unsafe loss(handle) }
        guard let result = try unsafe nextResult(handle, Monotonic.never) else { throw unsafe loss(handle) }
        defer { unsafe PQclear(result) }
        let status = unsafe PQresultStatus(result)
        if status == expected { return unsafe handle }
        guard status == PGRES_FATAL_ERROR else {
            close()
            throw PostgresError(kind: .closed, message: "not the expected kind of COPY")
        }
        let failure = unsafe PostgresError(result: result)
        try unsafe drain(handle, Monotonic.never) { _ throws(PostgresError) in }
        throw failure
    }

    /// Hands bytes of COPY over, waiting while the server takes none.
    func sendCopy(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
        let handle = try unsafe openHandle()
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        while true {
            let code = unsafe PQputCopyData(handle, base.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
            if code == 1 { break }
            guard code == 0 else { throw unsafe loss(handle) }
            try unsafe waitForRoom(handle)
        }
        // Keeps libpq's buffer from growing with the whole copy.
        while true {
            let unsent = unsafe PQflush(handle)
            if unsent == 0 { return }
            guard unsent > 0 else { throw unsafe loss(handle) }
            try unsafe waitForRoom(handle)
        }
    }

    private func endCopy(_ handle: OpaquePointer, refusing reason: String?) throws(PostgresError) {
        while true {
            let code: Int32
            if let reason {
                code = unsafe PQputCopyEnd(handle, reason)
            } else {
                code = unsafe PQputCopyEnd(handle, nil)
            }
            if code == 1 { break }
            guard code == 0 else { throw unsafe loss(handle) }
            try unsafe waitForRoom(handle)
        }
        if reason != nil {
            // The server answers with an error, which is the one asked for.
            while let result = try unsafe nextResult(handle, Monotonic.never) { unsafe PQclear(result) }
        }
    }

    private func waitForRoom(_ handle: OpaquePointer) throws(PostgresError) {
        try unsafe wait(handle, for: POLLIN | POLLOUT, until: Monotonic.never)
        guard unsafe PQconsumeInput(handle) == 1 else { throw unsafe loss(handle) }
    }
}
