public import AccountDomain
public import EventCoding

/// An event as projections fold it.
public struct ProjectedEvent: Sendable {
    /// The row.
    ///
    /// Its `meta` is empty: no projection shows who acted.
    public let stored: StoredEvent
    /// What happened; nil when only the box could tell and the stream's key was destroyed.
    public let event: DomainEvent?

    /// An event, decoded as far as its key allows.
    public init(stored: StoredEvent, event: DomainEvent?) {
        self.stored = stored
        self.event = event
    }
}
