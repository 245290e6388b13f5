import Glibc
import StrictJSON
import Testing

@testable import AccountLedger

/// A server that answers one connection with fixed bytes, sent in the pieces given, and keeps what it was sent.
private struct CannedServer {
    let port: Int
    private let listener: Int32

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Answers the next connection and returns the request's head.
    func answer(_ pieces: [String]) -> String {
        let connection = accept(listener, nil, nil)
        defer {
            close(connection)
            close(listener)
        }
        var request: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            request += buffer[..<count]
        }
        for piece in pieces {
            let bytes = Array(piece.utf8)
            send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        return String(decoding: request, as: UTF8.self)
    }
}

@Suite("Service client") struct ServiceClientTests {
    /// Runs `body` against a server that answers with `pieces`.
    private func exchange<T: Sendable>(
        _ pieces: String..., body: @escaping @Sendable (ServiceClient) throws -> T
    ) async throws -> (T, request: String) {
        let server = try CannedServer()
        async let request = onThread { server.answer(pieces) }
        let value = try await onThread {
            try body(ServiceClient(ServiceURL(host: "127.0.0.1", port: server.port), key: "a.b:c"))
        }
        return (value, try await request)
    }

    @Test func `an answer of known length is read, and the key is sent`() async throws {
        let (answer, request) = try await exchange("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":", "\"b\"}") {
            try $0.call("POST", "/v1/x", ["name": "ä"])
        }
        #expect(answer["a"]?.stringValue == "b")
        #expect(request.hasPrefix("POST /v1/x HTTP/1.1\r\n"))
        #expect(request.contains("Authorization: Bearer a.b:c\r\n"))
        #expect(request.contains("Content-Length: 13\r\n"))
    }

    @Test func `lines come out of chunks wherever these are cut`() async throws {
        let (lines, _) = try await exchange(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r", "\n3\r\ntw", "o\r\n8\r\n\nthree\n",
            "\n\r\n0\r\n\r\n"
        ) { client in
            var lines: [String] = []
            try client.lines("/", accept: "x", timeoutSeconds: 10) { line in
                lines.append(String(decoding: line, as: UTF8.self))
                return true
            }
            return lines
        }
        #expect(lines == ["one", "two", "three", ""])
    }

    @Test func `a stream that breaks off is no end`() async throws {
        await #expect(throws: CommandFailure.self) {
            try await exchange("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\none\n") { client in
                try client.lines("/", accept: "x", timeoutSeconds: 10) { _ in true }
            }
        }
    }

    @Test(arguments: [
        (401, CommandStatus.configuration), (404, .failure), (422, .failure), (429, .temporary), (503, .unavailable),
    ])
    func `a problem becomes one line and an exit code`(status: Int, expected: CommandStatus) async throws {
        let body = #"{"title":"No","detail":"why","errors":[{"pointer":"/a","detail":"bad"}]}"#
        let (failure, _) = try await exchange(
            "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        ) { client -> CommandFailure? in
            do {
                _ = try client.call("GET", "/")
                return nil
            } catch { return error as? CommandFailure }
        }
        #expect(failure?.status == expected)
        #expect(failure?.description.hasPrefix("No: why; /a: bad") ?? false)
    }

    @Test func `nobody there is unavailable, https is not spoken`() throws {
        #expect {
            try ServiceClient(ServiceURL(host: "127.0.0.1", port: 1), key: nil).send("GET", "/")
        } throws: { ($0 as? CommandFailure)?.status == .unavailable }
        #expect {
            try ServiceClient(try #require(ServiceURL("https://a.example")), key: nil)
        } throws: { ($0 as? CommandFailure)?.status == .configuration }
    }
}
