import DoorKit
import Testing

@Suite("Requests", .timeLimit(.minutes(1))) struct RequestTests {
    private func answer(_ path: String, _ fields: String) async throws -> RawClient.Answer {
        try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange($0.port, "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        }
    }

    @Test(arguments: [
        ("application/json", #"{"name":"ann"}"#, 200), ("application/json; charset=UTF-8", #"{"name":"ann"}"#, 200),
        ("Application/JSON;charset=\"utf-8\"", #"{"name":"ann"}"#, 200), ("text/plain", #"{"name":"ann"}"#, 415),
        ("application/json; charset=latin1", #"{"name":"ann"}"#, 415),
        ("application/x-www-form-urlencoded", "a=b", 415),
        ("application/json", #"{"name":"ann",}"#, 400), ("application/json", #"{"name":"a","name":"b"}"#, 400),
        ("application/json", "", 400), ("application/json", "[]", 422), ("application/json", "{}", 422),
        ("application/json", #"{"name":"ann","admin":true}"#, 422), ("application/json", #"{"name":"\u0000"}"#, 400),
    ])
    func `JSON bodies are strict`(type: String, body: String, status: Int) async throws {
        let answer = try await TestServer.run(EchoDoor()) {
            try await RawClient.exchange(
                $0.port,
                "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }
        #expect(answer.status == status)
    }

    @Test(arguments: [
        ("abc", 200, "abc"), (#""a \"b\" c""#, 200, #"a "b" c"#), (#""""#, 400, nil), (#""a"#, 400, nil),
        ("", 400, nil),
        ("é", 400, nil), (String(repeating: "x", count: 255), 200, nil), (String(repeating: "x", count: 256), 400, nil),
    ])
    func `idempotency keys are checked`(key: String, status: Int, value: String?) async throws {
        let answer = try await answer("/key", "Idempotency-Key: \(key)\r\n")
        #expect(answer.status == status)
        if let value { #expect(answer.body == value) }
    }

    @Test(arguments: [
        ("\"7\"", "[7]"), ("\"7\", \"8\"", "[7, 8]"), ("*", "*"), ("W/\"7\"", "[]"), ("\"x\"", "[]"), ("7", nil),
        ("\"7", nil), ("\"7\",", nil),
    ])
    func `If-Match holds entity tags`(value: String, body: String?) async throws {
        let answer = try await answer("/match", "If-Match: \(value)\r\n")
        if let body { #expect(answer.body == body) } else { #expect(answer.status == 400) }
    }

    @Test func `a header that must be single is refused when it is not`() async throws {
        #expect(try await answer("/key", "Idempotency-Key: a\r\nidempotency-key: b\r\n").status == 400)
    }

    @Test(arguments: [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", "-"), ("rubbish", "-"),
    ])
    func `a trace id is taken when it is valid`(value: String, body: String) async throws {
        #expect(try await answer("/trace", "traceparent: \(value)\r\n").body == body)
    }

    @Test func `a direct client cannot name its address`() async throws {
        #expect(try await answer("/client", "X-Forwarded-For: 1.2.3.4\r\n").body == "127.0.0.1")
    }
}
