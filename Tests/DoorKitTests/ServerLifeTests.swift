import DoorKit
import Logging
import ServiceLifecycle
import Synchronization
import Testing

/// Routes that last.
private struct SlowDoor: Door {
    let release: AsyncStream<Void>
    let entered: AsyncStream<Void>.Continuation
    let limiter = StreamLimiter(maximum: 10, maximumPerHolder: 1)

    func register(on routes: inout Routes) {
        routes.get("/slow") { _ in
            entered.yield()
            for await _ in release { break }
            return .text("done")
        }
        routes.get("/events") { _ in
            let (events, source) = AsyncStream.makeStream(of: [ServerSentEvent].self)
            source.yield([ServerSentEvent(id: "1", event: "e", data: Array("a\nb".utf8))])
            let permit = try limiter.permit(for: 1)
            source.onTermination = { _ in }
            Self.keep.withLock { $0.append(source) }
            return .events(events, permit: permit, heartbeat: .milliseconds(50))
        }
        routes.get("/lines") { _ in
            .lines(
                AsyncStream { source in
                    for number in 0..<3 { source.yield(Array("{\"n\":\(number)}\n".utf8)) }
                    source.finish()
                })
        }
        routes.get("/broken") { _ in
            DoorResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(Array("part".utf8))
                    throw CancellationError()
                })
        }
    }

    /// Sources whose streams stay open until the server ends them.
    private static let keep = Mutex<[AsyncStream<[ServerSentEvent]>.Continuation]>([])
}

@Suite("Life of a server", .timeLimit(.minutes(1))) struct ServerLifeTests {
    @Test func `a drain finishes what is under way, then ends`() async throws {
        let (release, open) = AsyncStream.makeStream(of: Void.self)
        let (entered, enter) = AsyncStream.makeStream(of: Void.self)
        let door = SlowDoor(release: release, entered: enter)
        let text = try await TestServer.run(door, configure: { $0.drainLimit = .seconds(30) }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                for await _ in entered { break }
                #expect(!server.server.drain.isDraining)
                await server.group.triggerGracefulShutdown()
                await server.server.drain.wait()
                open.yield()
                return await client.readToEnd()
            }
        }
        #expect(text.hasSuffix("done"))
        #expect(text.contains("Connection: close\r\n"))
    }

    @Test func `a stalled client cannot hold the process`() async throws {
        let (release, _) = AsyncStream.makeStream(of: Void.self)
        let (_, enter) = AsyncStream.makeStream(of: Void.self)
        let door = SlowDoor(release: release, entered: enter)
        try await TestServer.run(door, EchoDoor(), configure: { $0.drainLimit = .milliseconds(200) }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
                await server.group.triggerGracefulShutdown()
                _ = await client.readToEnd()
            }
        }
    }

    @Test func `an event stream beats while it is quiet, and ends with a comment`() async throws {
        let (release, _) = AsyncStream.makeStream(of: Void.self)
        let (_, enter) = AsyncStream.makeStream(of: Void.self)
        let door = SlowDoor(release: release, entered: enter)
        let rest = try await TestServer.run(door, configure: { $0.drainLimit = .seconds(20) }) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await client.read(through: "id: 1\nevent: e\ndata: a\ndata: b\n\n")
                _ = try await client.read(through: ":\n\n")
                let second = try await RawClient.exchange(server.port, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(second.status == 429)
                await server.group.triggerGracefulShutdown()
                return await client.readToEnd()
            }
        }
        #expect(rest.hasSuffix(": the server is going down\n\n\r\n0\r\n\r\n"))
        #expect(door.limiter.count == 0)
    }

    @Test func `lines are streamed to their end, and the connection stays`() async throws {
        let (release, _) = AsyncStream.makeStream(of: Void.self)
        let (_, enter) = AsyncStream.makeStream(of: Void.self)
        let door = SlowDoor(release: release, entered: enter)
        let bodies = try await TestServer.run(door) { server in
            try await RawClient.connect(server.port) { client in
                var bodies: [String] = []
                for _ in 0..<2 {
                    try await client.send("GET /lines HTTP/1.1\r\nHost: a\r\n\r\n")
                    bodies.append(try await client.answer().body)
                }
                return bodies
            }
        }
        #expect(bodies == Array(repeating: "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n", count: 2))
    }

    @Test func `a stream that fails does not look complete`() async throws {
        let (release, _) = AsyncStream.makeStream(of: Void.self)
        let (_, enter) = AsyncStream.makeStream(of: Void.self)
        let door = SlowDoor(release: release, entered: enter)
        let text = try await TestServer.run(door) { server in
            try await RawClient.connect(server.port) { client in
                try await client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
                return await client.readToEnd()
            }
        }
        #expect(!text.contains("0\r\n\r\n"))
    }

    @Test func `readiness goes off while the server still accepts`() async throws {
        let answer = try await TestServer.run(EchoDoor(), configure: { $0.readinessLead = .seconds(50) }) { server in
            await server.group.triggerGracefulShutdown()
            await server.server.drain.wait()
            #expect(server.server.drain.isDraining)
            return try await RawClient.exchange(server.port, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        #expect(answer.status == 200)
    }

    @Test func `a port in use is told in one line`() async throws {
        await #expect {
            try await TestServer.run(EchoDoor()) { first in
                try await TestServer.run(EchoDoor(), configure: { $0.port = first.port }) { _ in }
            }
        } throws: { error in
            guard let error = error as? ListenError else { return false }
            return error.description.contains("in use") && !error.description.contains("\n")
        }
    }

    @Test func `the log has one line for each request, with the template and not the path`() async throws {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in lines.handler }
        _ = try await TestServer.run(EchoDoor(), logger: logger) {
            try await RawClient.exchange($0.port, "GET /items/secret HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        let requests = lines.all.filter { $0.hasPrefix("request ") }
        #expect(requests.count == 1)
        #expect(requests.first?.contains("/items/{id}") == true)
        #expect(requests.first?.contains("secret") == false)
    }
}

/// Keeps what is logged.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    var handler: any LogHandler { Handler(lines: self) }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.message) \(event.metadata ?? [:])"
            lines.lines.withLock { $0.append(line) }
        }
    }
}
