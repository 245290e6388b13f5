import DoorKit
import NIOCore
import ServiceLifecycle
import Testing

/// Whoever has asked gets the answer in full, though nothing more can come from there, or all is said.
@Suite("Half closure", .timeLimit(.minutes(1))) struct HalfClosureTests {
    private static let bigBytes = 32 << 20
    private static let body = String(repeating: "x", count: 100_000)

    /// The answer to what is sent by a client that sends no more after it.
    private func answer(to request: String) async throws -> RawClient.Answer {
        try await TestServer.run(EchoDoor(), LateDoor()) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send(request)
                try await client.halfClose()
                let answer = try await client.answer()
                #expect(await client.readToEnd().isEmpty)
                return answer
            }
        }
    }

    @Test(arguments: [
        ("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body)", 404),
        ("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", 404),
        ("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body)", 405),
        ("POST /nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n\(body)\r\n0\r\n\r\n", 404),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n\(body)", 413),
        ("POST /late/a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body)", 401),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: tea\r\n\r\nabc", 417),
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200),
        // The beginning of another request is no reason to keep the answer to the first.
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hel", 200),
        ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na", 200),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /hello HTTP/1.1\r\n", 200),
    ])
    func `a client that sends no more is answered`(request: String, status: Int) async throws {
        #expect(try await answer(to: request).status == status)
    }

    @Test func `what was sent in part only is not answered`() async throws {
        let text = try await TestServer.run(EchoDoor()) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na")
                try await client.halfClose()
                return await client.readToEnd()
            }
        }
        #expect(text.isEmpty)
    }

    @Test(arguments: ["", "Connection: close\r\n"])
    func `a long answer arrives in full at a slow client that sends no more`(fields: String) async throws {
        let answer = try await TestServer.run(EchoDoor(), configure: { $0.idleTimeout = .seconds(2) }) {
            server in
            try await RawClient.connect(server.port) { client in
                try await client.stopReading()
                try await client.send("GET /big HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
                try await client.halfClose()
                try await Self.passTime(server)
                try await client.resumeReading()
                return try await client.answer()
            }
        }
        #expect(answer.body.utf8.count == Self.bigBytes)
    }

    @Test func `the last answer of a connection is not cut while it is read slowly`() async throws {
        let answer = try await TestServer.run(EchoDoor(), configure: { $0.idleTimeout = .seconds(3) }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.stopReading()
                try await client.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                try await Self.passTime(server)
                try await client.resumeReading()
                return try await client.answer()
            }
        }
        #expect(answer.body.utf8.count == Self.bigBytes)
    }

    @Test func `an answer that is read slowly arrives in full though the server goes down`() async throws {
        let answer = try await TestServer.run(
            EchoDoor(),
            configure: {
                $0.idleTimeout = .seconds(2); $0.drainLimit = .seconds(30)
            }
        ) {
            server in
            try await RawClient.connect(server.port) { client in
                try await client.stopReading()
                try await client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
                try await Self.passTime(server)
                await server.group.triggerGracefulShutdown()
                while !server.server.drain.isDraining { await Task.yield() }
                try await client.resumeReading()
                return try await client.answer()
            }
        }
        #expect(answer.body.utf8.count == Self.bigBytes)
    }

    /// Returns when another connection was answered and then closed for its silence.
    ///
    /// By then the server has said all it has to say to one that does not read.
    private static func passTime(_ server: TestServer) async throws {
        var isAnswered = false
        while !isAnswered {
            isAnswered = try await RawClient.connect(server.port) { client in
                // On a busy machine it may have been silent for too long before it says anything.
                try? await client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                return await !client.readToEnd().isEmpty
            }
        }
    }
}
