import DoorKit
import NIOCore
import Testing

@Suite("Hardening", .timeLimit(.minutes(1))) struct HardeningTests {
    private static let long = String(repeating: "x", count: 20_000)

    @Test(arguments: [
        ("GET /hello HTTP/1.1\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        ("GET /hello HTTP/1.0\r\n\r\n", 200),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc", 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
        ("GET /é HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n", 431),
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 101))\r\n", 431),
        ("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("GET /\(long)\(long)\(long)\(long)\(long)", 414),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n", 413),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: tea\r\n\r\n", 417),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc", 415),
        ("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", 404),
    ])
    func `hostile requests are answered at once`(request: String, status: Int) async throws {
        let answer = try await TestServer.run(EchoDoor()) { try await RawClient.exchange($0.port, request) }
        #expect(answer.status == status)
        #expect(answer.headers["request-id"] != nil)
    }

    @Test func `a chunked body is cut at the limit, and the connection closed`() async throws {
        let text = try await TestServer.run(EchoDoor(), configure: { $0.maximumBodyBytes = 100 }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<3 { try await client.send("32\r\n\(String(repeating: "x", count: 50))\r\n") }
                return await client.readToEnd()
            }
        }
        #expect(text.hasPrefix("HTTP/1.1 413 "))
        #expect(text.contains("Connection: close\r\n"))
        #expect(text.hasSuffix("}"))
    }

    @Test func `a chunked body is put together`() async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange(
                $0.port,
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        }
        #expect(answer.body == "abcde")
    }

    @Test func `upload routes take more than others`() async throws {
        let body = String(repeating: "x", count: 2 << 20)
        let answers = try await TestServer.run(EchoDoor()) { server in
            var answers: [RawClient.Answer] = []
            for path in ["/upload", "/echo"] {
                answers.append(
                    try await RawClient.exchange(
                        server.port,
                        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                            + (path == "/upload" ? body : "")))
            }
            return answers
        }
        #expect(answers[0].body == String(2 << 20))
        #expect(answers[1].status == 413)
    }

    @Test func `more bodies than memory is set aside for are refused`() async throws {
        let answer = try await TestServer.run(EchoDoor(), configure: { $0.maximumHeldBodyBytes = 100_000 }) {
            let body = String(repeating: "x", count: 200_000)
            return try await RawClient.exchange(
                $0.port, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n\(body)")
        }
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
    }

    @Test func `100-continue is sent before the body is`() async throws {
        let answer = try await TestServer.run(EchoDoor()) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await client.read(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await client.send("abc")
                return try await client.answer()
            }
        }
        #expect(answer.body == "abc")
    }

    @Test func `pipelined requests are answered in order`() async throws {
        let bodies = try await TestServer.run(EchoDoor()) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send(
                    (0..<50).map { "GET /items/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
                var bodies: [String] = []
                for _ in 0..<50 { bodies.append(try await client.answer().body) }
                return bodies
            }
        }
        #expect(bodies == (0..<50).map(String.init))
    }

    @Test(arguments: [
        "GET /hello", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nX: ",
    ])
    func `a request that trickles in is cut by its deadline`(start: String) async throws {
        let text = try await TestServer.run(
            EchoDoor(),
            configure: {
                $0.headDeadline = .milliseconds(200)
                $0.bodyDeadline = .milliseconds(200)
            }
        ) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send(start)
                return await withTaskGroup(of: Void.self) { group in
                    let trickle = client.trickle()
                    group.addTask { await trickle() }
                    defer { group.cancelAll() }
                    return await client.readToEnd()
                }
            }
        }
        #expect(text.hasPrefix("HTTP/1.1 408 "))
    }

    @Test func `an idle connection is closed`() async throws {
        let text = try await TestServer.run(EchoDoor(), configure: { $0.idleTimeout = .seconds(2) }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.answer()
                return await client.readToEnd()
            }
        }
        #expect(text.isEmpty)
    }

    @Test func `a client that does not read is cut`() async throws {
        try await TestServer.run(EchoDoor(), configure: { $0.writeDeadline = .milliseconds(200) }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.stopReading()
                try await client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
                while server.server.counters.timeouts.value == 0 { await Task.yield() }
            }
        }
    }

    @Test func `a header value cannot start another header`() async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "GET /split?v=a%0d%0aSet-Cookie:%20b HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        #expect(answer.status == 500)
        #expect(answer.headers["set-cookie"] == nil)
    }

    @Test func `an unknown error says nothing of its cause`() async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "GET /oops HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        #expect(answer.status == 500)
        #expect(!answer.body.contains("Oops"))
    }

    @Test func `every answer carries the headers that protect it`() async throws {
        let (json, page) = try await TestServer.run(EchoDoor()) { server in
            (
                try await RawClient.exchange(server.port, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
                try await RawClient.exchange(server.port, "GET /page HTTP/1.1\r\nHost: a\r\n\r\n")
            )
        }
        #expect(json.headers["cache-control"] == "no-store")
        #expect(json.headers["x-content-type-options"] == "nosniff")
        #expect(json.headers["date"]?.hasSuffix(" GMT") == true)
        #expect(json.headers["content-security-policy"] == nil)
        #expect(page.headers["content-security-policy"] != nil)
        #expect(page.headers["referrer-policy"] == "no-referrer")
    }

    @Test(arguments: [
        ("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", true), ("no uuid", false), ("", false),
    ])
    func `the client's request id is kept when it is a UUID`(sent: String, isKept: Bool) async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "GET /hello HTTP/1.1\r\nHost: a\r\nRequest-Id: \(sent)\r\n\r\n")
        }
        let id = try #require(answer.headers["request-id"])
        #expect(RequestID(id) != nil)
        #expect((id == sent.lowercased()) == isKept)
    }

    @Test func `an offer to upgrade is answered in HTTP 1.1, and ends the connection`() async throws {
        let text = try await TestServer.run(EchoDoor()) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
                return await client.readToEnd()
            }
        }
        #expect(text.hasPrefix("HTTP/1.1 200 "))
        #expect(text.contains("Connection: close\r\n"))
    }

    @Test func `HTTP 1.0 and Connection close end the connection`() async throws {
        let texts = try await TestServer.run(EchoDoor()) { server in
            var texts: [String] = []
            for head in ["HTTP/1.0\r\n\r\n", "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"] {
                texts.append(
                    try await RawClient.connect(server.port) { client in
                        try await client.send("GET /hello \(head)")
                        return await client.readToEnd()
                    })
            }
            return texts
        }
        for text in texts { #expect(text.hasSuffix(#"{"hello":"world"}"#)) }
    }
}

extension RawClient {
    /// Sends a byte now and then until the connection or the task ends.
    func trickle() -> @Sendable () async -> Void {
        let outbound = writer
        return {
            while !Task.isCancelled {
                guard (try? await outbound.write(.init(string: "x"))) != nil else { return }
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
