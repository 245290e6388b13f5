import Synchronization

/// One event of a `text/event-stream`.
public struct ServerSentEvent: Sendable {
    /// The id a client resumes after.
    public var id: String?
    /// The event's type, nil for `message`.
    public var event: String?
    /// The data; line breaks in it are kept by splitting it into lines.
    public var data: [UInt8]

    /// Makes an event.
    public init(id: String? = nil, event: String? = nil, data: [UInt8]) {
        self.id = id
        self.event = event
        self.data = data
    }

    /// Appends the wire form to `bytes`.
    func append(to bytes: inout [UInt8]) {
        if let id { Self.append("id: ", id, to: &bytes) }
        if let event { Self.append("event: ", event, to: &bytes) }
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            bytes.append(contentsOf: "data: ".utf8)
            bytes.append(contentsOf: line)
            bytes.append(0x0a)
        }
        bytes.append(0x0a)
    }

    private static func append(_ field: String, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: field.utf8)
        // A line break would start another field; NUL would void an id.
        bytes.append(contentsOf: value.utf8.filter { $0 != 0x0a && $0 != 0x0d && $0 != 0 })
        bytes.append(0x0a)
    }
}

extension DoorResponse {
    /// A live stream of events.
    ///
    /// A comment line goes out whenever nothing else did for `heartbeat`. The stream ends with the source, or with a last
    /// comment when the server goes down; the source's `next()` must heed cancellation for that. The permit is held
    /// until the stream is over.
    public static func events<Source: AsyncSequence & Sendable>(
        _ source: Source, permit: StreamPermit? = nil, heartbeat: Duration = .seconds(15)
    ) -> DoorResponse where Source.Element == [ServerSentEvent] {
        DoorResponse(
            status: 200, contentType: "text/event-stream", headers: [.init("X-Accel-Buffering", "no")],
            body: .stream { writer in
                try await EventStream(writer: writer, heartbeat: heartbeat).run(source)
                withExtendedLifetime(permit) {}
            })
    }

    /// A stream of lines of JSON; the source gives whole lines, any number at a time.
    ///
    /// The source runs only as fast as the client reads.
    public static func lines<Source: AsyncSequence & Sendable>(
        _ source: Source, permit: StreamPermit? = nil
    ) -> DoorResponse where Source.Element == [UInt8] {
        DoorResponse(
            status: 200, contentType: "application/x-ndjson",
            body: .stream { writer in
                for try await lines in source { try await writer.write(lines) }
                withExtendedLifetime(permit) {}
            })
    }
}

/// The running of one event stream: the source, the heartbeat and the drain side by side.
private final class EventStream: Sendable {
    private enum Ending { case finished, draining }

    private let writer: StreamWriter
    private let heartbeat: Duration
    private let lastWrite = Mutex(ContinuousClock.now)

    init(writer: StreamWriter, heartbeat: Duration) {
        self.writer = writer
        self.heartbeat = heartbeat
    }

    func run<Source: AsyncSequence & Sendable>(_ source: Source) async throws
    where Source.Element == [ServerSentEvent] {
        // Sent at once, so that the client sees its stream stand.
        try await send(Array(": open\n\n".utf8))
        let ending = try await withThrowingTaskGroup(of: Ending.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for try await events in source {
                    var bytes: [UInt8] = []
                    for event in events { event.append(to: &bytes) }
                    try await self.send(bytes)
                }
                return .finished
            }
            group.addTask {
                while true { try await self.beat() }
            }
            group.addTask {
                await self.writer.drain.wait()
                try Task.checkCancellation()
                return .draining
            }
            return try await group.next() ?? .finished
        }
        // A source that heeds cancellation by ending looks finished; only the drain tells the two apart.
        if ending == .draining || writer.drain.isDraining {
            try await send(Array(": the server is going down\n\n".utf8))
        }
    }

    private func beat() async throws {
        let due = lastWrite.withLock { $0 } + heartbeat
        try await Task.sleep(until: due, clock: .continuous)
        if lastWrite.withLock({ $0 }) + heartbeat <= .now { try await send(Array(":\n\n".utf8)) }
    }

    private func send(_ bytes: [UInt8]) async throws {
        try await writer.write(bytes)
        lastWrite.withLock { $0 = .now }
    }
}
