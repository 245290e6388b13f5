import NIOCore
import NIOPosix

/// A client that sends exactly the bytes it is told to.
final class RawClient {
    /// One answer, as it came.
    struct Answer {
        var status: Int
        var head: String
        var headers: [String: String]
        var body: String
    }

    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let channel: any Channel
    private var received: [UInt8] = []

    private init(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ channel: any Channel
    ) {
        iterator = inbound.makeAsyncIterator()
        self.outbound = outbound
        self.channel = channel
    }

    static func connect<Result: Sendable>(
        _ port: Int, _ use: @Sendable (RawClient) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await use(RawClient(inbound, outbound, channel.channel))
        }
    }

    /// Sends one request and reads its answer, over a connection of its own.
    static func exchange(_ port: Int, _ request: String) async throws -> Answer {
        try await connect(port) { client in
            try await client.send(request)
            return try await client.answer(to: request.hasPrefix("HEAD") ? "HEAD" : "")
        }
    }

    /// The sending side by itself.
    var writer: NIOAsyncChannelOutboundWriter<ByteBuffer> { outbound }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// Sends no more, and goes on reading.
    func halfClose() async throws { try await channel.close(mode: .output).get() }

    /// Reads from the socket again.
    func resumeReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// Stops reading from the socket, as a stalled client does.
    func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// More bytes; false at the end of the connection.
    private func more() async throws -> Bool {
        guard let next = try await iterator.next() else { return false }
        received.append(contentsOf: next.readableBytesView)
        return true
    }

    /// Reads up to and with `mark`; nil when the connection ends before.
    func read(through mark: String) async throws -> String? {
        let mark = Array(mark.utf8)
        while true {
            if let range = received.firstRange(of: mark) {
                defer { received.removeSubrange(..<range.upperBound) }
                return String(decoding: received[..<range.upperBound], as: UTF8.self)
            }
            guard try await more() else { return nil }
        }
    }

    /// Reads until the server hangs up; a reset counts as that.
    func readToEnd() async -> String {
        while (try? await more()) == true {}
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    struct Ended: Error {}

    /// Reads one answer with its body.
    func answer(to method: String = "") async throws -> Answer {
        guard let head = try await read(through: "\r\n\r\n") else { throw Ended() }
        let lines = head.split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        var answer = Answer(
            status: Int(lines[0].split(separator: " ")[1]) ?? 0, head: head, headers: headers, body: "")
        guard method != "HEAD" else { return answer }
        if let length = headers["content-length"].flatMap({ Int($0) }) {
            while received.count < length { guard try await more() else { throw Ended() } }
            answer.body = String(decoding: received[..<length], as: UTF8.self)
            received.removeSubrange(..<length)
        } else if headers["transfer-encoding"] == "chunked" {
            while let line = try await read(through: "\r\n"), let size = Int(line.dropLast(1), radix: 16) {
                while received.count < size + 2 { guard try await more() else { throw Ended() } }
                answer.body += String(decoding: received[..<size], as: UTF8.self)
                received.removeSubrange(..<(size + 2))
                if size == 0 { break }
            }
        }
        return answer
    }
}
