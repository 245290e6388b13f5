import AccountDomain
import EventCoding

/// Which events of a file are wanted: the filters of `replay`, applied here.
struct EventFilter {
    private let after: Int64
    private let stream: String?
    private let type: String?
    private let door: String?
    private let from: Moment?
    private let to: Moment?
    private var lines: CloudEventLines?

    init(after: Int64, stream: String?, type: String?, door: String?, from: String?, to: String?) {
        self.after = after
        self.stream = stream
        self.type = type
        self.door = door
        self.from = from.flatMap { Moment(rfc3339: $0) }
        self.to = to.flatMap { Moment(rfc3339: $0) }
    }

    func takes(_ event: StoredEvent) -> Bool {
        guard event.position > after else { return false }
        if let stream, event.stream.description != stream { return false }
        if let type, event.type != type { return false }
        if let from, event.recordedAt < from { return false }
        if let to, event.recordedAt >= to { return false }
        if let door, (try? EventMeta(canonicalBytes: event.meta))?.door.rawValue != door { return false }
        return true
    }

    /// The event as one JSON text.
    mutating func text(_ event: StoredEvent, origin: String) -> [UInt8] {
        let writer = lines ?? CloudEventLines(origin: origin, reservingCapacity: 4096)
        lines = writer
        return writer.text(event)
    }
}
