internal import CPostgres
internal import Glibc

extension PostgresConnection {
    /// Subscribes to a channel.
    public func listen(_ channel: String) throws(PostgresError) {
        let quoted = channel.reduce(into: "") { text, character in
            text.append(character)
            if character == "\"" { text.append(character) }
        }
        try execute(script: "LISTEN \"\(quoted)\"", deadlineMilliseconds: 10_000)
    }

    /// Waits for notifications and gives all that came, none when the time passed.
    ///
    /// - Throws: `connection` when the line is lost.
    public func notifications(
        timeoutMilliseconds: Int
    ) throws(PostgresError) -> [(channel: String, payload: String)] {
        let handle = try unsafe openHandle()
        let deadline = Monotonic.deadline(inMilliseconds: timeoutMilliseconds)
        var found: [(channel: String, payload: String)] = []
        while true {
            guard unsafe PQconsumeInput(handle) == 1 else { throw unsafe loss(handle) }
            while let notification = unsafe PQnotifies(handle) {
                defer { unsafe PQfreemem(notification) }
                guard let channel = unsafe notification.pointee.relname, let payload = unsafe notification.pointee.extra
                else { continue }
                unsafe found.append((String(cString: channel), String(cString: payload)))
            }
            if !found.isEmpty || Monotonic.nowMilliseconds >= deadline { return found }
            var descriptor = unsafe pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&descriptor, 1, Monotonic.pollTimeout(until: deadline))
        }
    }

    /// Looks, without waiting, whether the server has hung up while nobody asked it anything.
    func checkLiveness() {
        guard let handle = unsafe handle else { return }
        // A termination is announced as data first and then as the end of the stream, hence twice.
        for _ in 0..<2 {
            if unsafe PQconsumeInput(handle) != 1 || PQstatus(handle) != CONNECTION_OK { return close() }
            _ = unsafe PQisBusy(handle)
        }
    }
}
