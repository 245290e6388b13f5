import Glibc

/// A blocking TCP connection that is read by lines and counts, for the tools that talk to the service.
final class LineSocket {
    private let descriptor: Int32
    private let peer: String
    private var buffer: [UInt8] = []
    private var start = 0

    /// Connects, trying each address that the name stands for.
    ///
    /// Connecting, and afterwards each silence of the service, may last `timeoutSeconds`.
    init(to url: ServiceURL, timeoutSeconds: Int) throws(CommandFailure) {
        peer = url.description
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(url.host, "\(url.port)", &hints, &list)
        guard status == 0 else {
            throw CommandFailure(.unavailable, "cannot reach \(peer): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(list) }
        var reason = "no address"
        var entry = list
        while let address = entry?.pointee {
            let type = address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
            let candidate = socket(address.ai_family, type, address.ai_protocol)
            if candidate >= 0 {
                var time = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
                let size = socklen_t(MemoryLayout<timeval>.size)
                setsockopt(candidate, SOL_SOCKET, SO_SNDTIMEO, &time, size)
                setsockopt(candidate, SOL_SOCKET, SO_RCVTIMEO, &time, size)
                if connect(candidate, address.ai_addr, address.ai_addrlen) == 0 {
                    descriptor = candidate
                    return
                }
                reason = errno == EINPROGRESS ? "no answer in time" : String(cString: strerror(errno))
                close(candidate)
            } else {
                reason = String(cString: strerror(errno))
            }
            entry = address.ai_next
        }
        throw CommandFailure(.unavailable, "cannot reach \(peer): \(reason)")
    }

    deinit { close(descriptor) }

    /// Sends all bytes.
    func send(_ bytes: [UInt8]) throws(CommandFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw lost()
            }
        }
    }

    /// The next line, without its end; nil at the end of the connection.
    func line(limit: Int) throws(CommandFailure) -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                var line = buffer[start..<end]
                if line.last == 0x0D { line.removeLast() }
                start = end + 1
                return Array(line)
            }
            guard buffer.count - start <= limit else { throw CommandFailure(.failure, "\(peer) sent too long a line") }
            searched = buffer.count - start
            guard try fill() else { return nil }
        }
    }

    /// At most so many of the bytes that come next; empty at the end of the connection.
    func bytes(upTo count: Int) throws(CommandFailure) -> [UInt8] {
        if start == buffer.count, try !fill() { return [] }
        let end = min(buffer.count, start + count)
        defer { start = end }
        return Array(buffer[start..<end])
    }

    /// Reads more behind what is there, and answers false at the end.
    ///
    /// What was taken is dropped, so `start` is 0 afterwards.
    private func fill() throws(CommandFailure) -> Bool {
        buffer.removeFirst(start)
        start = 0
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &room, room.count, 0)
            if count > 0 {
                buffer += room[..<count]
                return true
            }
            if count == 0 { return false }
            if errno != EINTR { throw lost() }
        }
    }

    private func lost() -> CommandFailure {
        let isSilence = errno == EAGAIN || errno == EWOULDBLOCK
        return CommandFailure(
            .unavailable, isSilence ? "\(peer) does not answer" : "\(peer) hung up: \(String(cString: strerror(errno)))"
        )
    }
}
