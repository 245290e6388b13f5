import DoorKit
import Logging
import Testing

@Suite("Routing", .timeLimit(.minutes(1))) struct RoutingTests {
    @Test(arguments: [
        ("GET", "/hello", 200), ("GET", "//hello", 404), ("GET", "/hello/", 404), ("GET", "/Hello", 404),
        ("GET", "/%68ello", 404), ("GET", "/nothing", 404), ("GET", "/items/", 404), ("GET", "/items//", 404),
        ("GET", "/items/a%2fb", 404), ("GET", "/items/%2e%2e", 404), ("GET", "/items/..", 404),
        ("GET", "/items/%ff", 400), ("GET", "/items/%00", 400), ("GET", "/items/%zz", 400), ("GET", "/items/%", 400),
        ("POST", "/hello", 405), ("HEAD", "/hello", 200), ("HEAD", "/once", 405), ("TRACE", "/hello", 405),
        ("PROPFIND", "/hello", 405), ("BREW", "/hello", 405), ("get", "/hello", 405), ("GETX", "/hello?a", 405),
        ("TRACE", "/nothing", 404), ("BREW", "/nothing", 404), ("BREW", "*", 404), ("BREW", "/hello#x", 400),
        ("BR@W", "/hello", 400), ("BREW", "/a b", 400), ("OPTIONS", "/hello", 204), ("OPTIONS", "*", 204),
        ("OPTIONS", "/nothing", 404), ("GET", "http://test/hello", 200), ("GET", "/hello#x", 400),
        ("GET", "/query?a=1&a=2", 400), ("GET", "/query?a=1&%61=2", 400), ("GET", "/query?c=1", 400),
        ("GET", "/query?a=%ff", 400), ("GET", "/query?a=%00", 400),
    ])
    func `each target has one answer`(method: String, target: String, status: Int) async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "\(method) \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
        }
        #expect(answer.status == status)
        if status == 405 || status == 204 { #expect(answer.headers["allow"] != nil) }
        if status >= 400, method != "HEAD" { #expect(answer.headers["content-type"] == "application/problem+json") }
    }

    @Test(arguments: [
        ("/items/caf%C3%A9", "café"), ("/items/a%252fb", "a%2fb"), ("/items/a+b", "a+b"), ("/items/special", "literal"),
        ("/items/a@b.c", "a@b.c"), ("/tiles/0/x001/x002.p/3", "0|x001/x002.p/3"), ("/query?a=1+2%203&b", "1+2 3"),
        ("/query?a", ""),
    ])
    func `parameters are decoded exactly once`(target: String, value: String) async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
        }
        #expect(answer.body == value)
    }

    @Test func `a method falls through to the less specific path that knows it`() async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "DELETE /items/special HTTP/1.1\r\nHost: test\r\n\r\n")
        }
        #expect(answer.status == 204)
    }

    @Test func `Allow lists what all matching paths know`() async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "PUT /items/special HTTP/1.1\r\nHost: test\r\n\r\n")
        }
        #expect(answer.headers["allow"] == "GET, HEAD, POST, DELETE, OPTIONS")
    }

    @Test func `two routes that cannot be told apart are refused`() {
        #expect(throws: RouteConflict.self) {
            _ = try HTTPServer(
                configuration: HTTPServerConfiguration(), doors: [EchoDoor(), EchoDoor()], logger: .init(label: "x"))
        }
    }

    @Test(arguments: [
        ("POST", "/late/a/b?a=1", "Known: 1\r\n", 200), ("POST", "/late/a/%ff", "Known: 1\r\n", 200),
        ("POST", "/late/%ff/b", "Known: 1\r\n", 400), ("POST", "/late/%2e%2e/b", "Known: 1\r\n", 404),
        ("POST", "/late/a/b?a=%ff", "Known: 1\r\n", 400), ("POST", "/late/a%2fb/b?a&a", "", 401),
        ("POST", "/late/a/b", "Known: 1\r\nContent-Length: 11\r\n", 413),
        ("POST", "/late/%ff/b?a=%ff", "Content-Encoding: gzip\r\nContent-Length: 11\r\n", 401),
        ("POST", "/late/%ff/b", "Known: 1\r\nContent-Encoding: gzip\r\n", 415),
        ("POST", "/late/%ff/b/c", "Content-Encoding: gzip\r\n", 404), ("PUT", "/late/%ff/b", "", 405),
        ("OPTIONS", "/late/a/b", "", 405), ("POST", "/late/a#/b", "", 401), ("POST", "/late/a#", "", 400),
        ("POST", "/late/a/\(String(repeating: "b", count: 9_000))", "", 401),
        ("POST", "/late/a/b?\(String(repeating: "b", count: 9_000))", "", 401),
        ("POST", "/late/a/b?\(String(repeating: "b", count: 9_000))", "Known: 1\r\n", 414),
        ("POST", "/late/\(String(repeating: "b", count: 9_000))", "Known: 1\r\n", 414),
        ("POST", "/late/a/b?a=#", "", 401), ("POST", "/late/a/b?a=#", "Known: 1\r\n", 400),
    ])
    func `a door may say itself when what cannot be read is refused`(
        method: String, target: String, fields: String, status: Int
    ) async throws {
        let answer = try await TestServer.run(LateDoor()) {
            try await RawClient.exchange($0.port, "\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
        }
        #expect(answer.status == status)
        if status == 405 { #expect(answer.headers["allow"] == "POST") }
    }

    @Test(arguments: ["BREW", "TRACE"])
    func `a method that nobody knows is refused in the form of the path's door`(method: String) async throws {
        let answers = try await TestServer.run(EchoDoor(), PlainDoor()) { server in
            var answers: [RawClient.Answer] = []
            for path in ["/plain/known", "/plain/nothing"] {
                answers.append(
                    try await RawClient.exchange(server.port, "\(method) \(path) HTTP/1.1\r\nHost: test\r\n\r\n"))
            }
            return answers
        }
        #expect(answers.map(\.status) == [405, 404])
        #expect(answers.map(\.body) == ["plain method-not-allowed", "plain not-found"])
    }

    @Test func `a method that nobody knows may come in pieces, or behind other requests`() async throws {
        let (pieces, behind) = try await TestServer.run(EchoDoor()) { server in
            let pieces = try await RawClient.connect(server.port) { client in
                try await client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n")
                _ = try await client.answer()
                for piece in ["\r\nBR", "EW /hel", "lo HTTP/1.1\r", "\nHost: test\r\nContent-Length: 3\r\n\r\nabc"] {
                    try await client.send(piece)
                }
                return await client.readToEnd()
            }
            let behind = try await RawClient.connect(server.port) { client in
                try await client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\nBREW /hello HTTP/1.1\r\n\r\n")
                return await client.readToEnd()
            }
            return (pieces, behind)
        }
        #expect(pieces.hasPrefix("HTTP/1.1 405 ") && pieces.contains("Connection: close\r\n"))
        #expect(behind.hasPrefix("HTTP/1.1 200 "))
    }

    @Test(arguments: [
        ("/plain/known", 418, "known"), ("/plain/unknown", 500, "plain internal"),
        ("/plain/nothing", 404, "plain not-found"),
    ])
    func `a door's errors have its own form`(target: String, status: Int, body: String) async throws {
        let answer = try await TestServer.run(EchoDoor(), PlainDoor()) {
            try await RawClient.exchange($0.port, "GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
        }
        #expect(answer.status == status)
        #expect(answer.body == body)
    }
}
