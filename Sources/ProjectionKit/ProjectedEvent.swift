public import AccountDomain
public import EventCoding

/// An event as projections fold it: where it stands, and what happened; no projection shows who acted.
public struct ProjectedEvent: Sendable {
    /// Place in the log.
    public let position: Int64
    /// Time of the append.
    public let recordedAt: Moment
    /// Its stream.
    public let stream: StreamID
    /// Place in the stream.
    public let version: Int32
    /// Stored name with its version.
    public let type: String
    /// What happened; nil when only the box could tell and the stream's key was destroyed.
    public let event: DomainEvent?

    /// An event, decoded as far as its key allows.
    public init(
        position: Int64, recordedAt: Moment, stream: StreamID, version: Int32, type: String, event: DomainEvent?
    ) {
        self.position = position
        self.recordedAt = recordedAt
        self.stream = stream
        self.version = version
        self.type = type
        self.event = event
    }

    /// A stored event, decoded as far as its key allows.
    public init(stored: StoredEvent, event: DomainEvent?) {
        self.init(
            position: stored.position, recordedAt: stored.recordedAt, stream: stored.stream, version: stored.version,
            type: stored.type, event: event)
    }
}
