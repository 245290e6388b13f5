import Foundation
import StrictJSON
import Synchronization

/// A stream of server-sent events, read by whoever waits for the next.
final class EventStream {
    private let connection: HTTPConnection
    private var text: [UInt8] = []

    init(_ client: Client, _ target: String, lastEventID: Int64? = nil) throws {
        connection = try HTTPConnection(port: client.port)
        var headers = [("Accept", "text/event-stream")]
        if let lastEventID { headers.append(("Last-Event-ID", "\(lastEventID)")) }
        try connection.send("GET", target, client.fields(headers, hasBody: false))
        let head = try connection.readHead()
        guard head.status == 200, head.header("content-type")?.hasPrefix("text/event-stream") == true else {
            throw TestFailure("no stream of events: \(head.status)")
        }
    }

    /// The position of the next event.
    ///
    /// - Throws: when the stream ended, or when an event's id is not its position.
    func next() throws -> Int64 {
        while true {
            if let event = try takeEvent() { return event }
            guard let chunk = try connection.readChunk() else { throw TestFailure("the stream ended") }
            text += chunk
        }
    }

    private func takeEvent() throws -> Int64? {
        while let end = text.indices.first(where: { $0 + 1 < text.count && text[$0] == 10 && text[$0 + 1] == 10 }) {
            let lines = text[..<end].split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
            text.removeFirst(end + 2)
            guard
                let id = lines.first(where: { $0.hasPrefix("id:") })?.dropFirst(3).trimmingCharacters(in: .whitespaces)
            else { continue }
            let data = lines.filter { $0.hasPrefix("data:") }.map { $0.dropFirst(5) }.joined(separator: "\n")
            let event = try JSONReader.read(Array(data.utf8))
            guard let position = Int64(id), event["sequence"].stringValue == id else {
                throw TestFailure("an event whose id is not its position")
            }
            return position
        }
        return nil
    }
}

/// Work on a thread of its own.
final class BackgroundWork: Sendable {
    private let group = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)
    private let isOver = Atomic<Bool>(false)

    init(_ body: @escaping @Sendable () throws -> Void) {
        group.enter()
        Thread { [self] in
            do { try body() } catch { failure.withLock { $0 = error } }
            isOver.store(true, ordering: .releasing)
            group.leave()
        }.start()
    }

    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    /// Waits for it, and throws what it threw.
    func wait() throws {
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}

func atOnceInBackground(_ body: @escaping @Sendable () throws -> Void) -> BackgroundWork { BackgroundWork(body) }
