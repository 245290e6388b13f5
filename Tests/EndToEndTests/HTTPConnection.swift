import Glibc
import StrictJSON

/// What a test cannot go on without.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// One connection to a server on this machine, spoken to in bytes: HTTP/1.1 as it stands on the wire.
///
/// Blocks its thread; every read gives up after `timeoutSeconds`.
final class HTTPConnection {
    /// The status line and the header fields of an answer.
    struct Head {
        let status: Int
        let headers: [(name: String, value: String)]

        func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var offset = 0

    init(port: Int, timeoutSeconds: Int = 60) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw TestFailure("no socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let outcome = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard outcome == 0 else {
            let reason = String(cString: strerror(errno))
            Glibc.close(descriptor)
            throw TestFailure("cannot connect to port \(port): \(reason)")
        }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { Glibc.close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TestFailure("the connection broke while sending") }
            sent += count
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends a request with a body of known length.
    func send(_ method: String, _ target: String, _ headers: [(String, String)] = [], body: [UInt8]? = nil) throws {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        try send(Array(head.utf8) + [13, 10] + (body ?? []))
    }

    // MARK: Reading

    private func fill() throws -> Bool {
        if offset > 0 {
            buffer.removeFirst(offset)
            offset = 0
        }
        let count = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { room in
            var count = 0
            // A socket with a time limit is not gone on with by itself when a signal comes.
            repeat { count = recv(descriptor, room.baseAddress, room.count, 0) } while count < 0 && errno == EINTR
            if count > 0 { buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: room[..<count])) }
            return count
        }
        guard count >= 0 else { throw TestFailure("nothing came: \(String(cString: strerror(errno)))") }
        return count > 0
    }

    private func line() throws -> String {
        var searched = 0
        while true {
            if let end = buffer[(offset + searched)...].firstIndex(of: 10) {
                var text = buffer[offset..<end]
                if text.last == 13 { text.removeLast() }
                offset = end + 1
                return String(decoding: text, as: UTF8.self)
            }
            searched = buffer.count - offset
            guard try fill() else { throw TestFailure("the connection ended in the middle of a line") }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - offset < count {
            guard try fill() else { throw TestFailure("the connection ended in the middle of a body") }
        }
        defer { offset += count }
        return Array(buffer[offset..<(offset + count)])
    }

    func readHead() throws -> Head {
        let parts = try line().split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0] == "HTTP/1.1", let status = Int(parts[1]) else {
            throw TestFailure("no status line")
        }
        var headers: [(name: String, value: String)] = []
        while true {
            let text = try line()
            if text.isEmpty { break }
            guard let colon = text.firstIndex(of: ":") else { throw TestFailure("a header field without a colon") }
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            headers.append((text[..<colon].lowercased(), String(value)))
        }
        return status == 100 ? try readHead() : Head(status: status, headers: headers)
    }

    /// The next chunk of a chunked body; nil at its end.
    func readChunk() throws -> [UInt8]? {
        guard let count = Int(try line().prefix { $0 != ";" }, radix: 16) else { throw TestFailure("no chunk") }
        guard count > 0 else {
            while try !line().isEmpty {}
            return nil
        }
        let bytes = try take(count)
        _ = try line()
        return bytes
    }

    func readResponse(to method: String = "GET") throws -> Response {
        let head = try readHead()
        if method == "HEAD" || head.status == 204 || head.status == 304 { return Response(head, []) }
        if head.header("transfer-encoding") == "chunked" {
            var body: [UInt8] = []
            while let chunk = try readChunk() { body += chunk }
            return Response(head, body)
        }
        if let length = head.header("content-length").flatMap({ Int($0) }) { return Response(head, try take(length)) }
        while try fill() {}
        return Response(head, try take(buffer.count - offset))
    }

    /// Whether the server has closed the connection.
    func isAtEnd() throws -> Bool {
        if offset < buffer.count { return false }
        return try !fill()
    }
}

/// An answer as a whole.
struct Response {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    init(_ head: HTTPConnection.Head, _ body: [UInt8]) {
        status = head.status
        headers = head.headers
        self.body = body
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    func header(_ name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    var json: JSONValue { (try? JSONReader.read(body)) ?? .null }

    subscript(_ key: String) -> JSONValue { json.objectValue?[key] ?? .null }

    var items: [JSONValue] { self["items"].arrayValue ?? [] }

    /// The last part of a problem's type; nil when it is none.
    var slug: String? {
        guard header("Content-Type") == "application/problem+json", let type = self["type"].stringValue,
            type.hasPrefix("/problems/"), self["status"].integerValue == Int64(status)
        else { return nil }
        return String(type.dropFirst("/problems/".count))
    }

    /// The pointers of an `invalid` problem.
    var pointers: [String] { (self["errors"].arrayValue ?? []).compactMap { $0["pointer"].stringValue } }

    var position: Int64? { header("Ledger-Position").flatMap { Int64($0) } }
}

extension JSONValue {
    /// A member of an object; null when there is none.
    subscript(_ key: String) -> JSONValue { objectValue?[key] ?? .null }
}
