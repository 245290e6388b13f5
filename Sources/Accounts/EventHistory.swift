public import AccountDomain
public import EventCoding

/// The log as it is read by people and tools: rows in order, with boxes opened for those who may see them.
public protocol EventHistory: Sendable {
    /// The newest event's position and time; position 0 and nil in an empty log.
    func head() async throws(Failure) -> (position: Int64, recordedAt: Moment?)

    /// The position that a moment stands for.
    ///
    /// - Throws: ``Failure/beyondHead``.
    func position(at moment: LogMoment) async throws(Failure) -> Int64

    /// Events after a position that a selection lets through, looking at `lookAt` rows at most.
    func events(_ selection: EventSelection, after position: Int64, limit: Int, lookAt: Int) async throws(Failure)
        -> EventPage

    /// One event.
    func event(at position: Int64) async throws(Failure) -> HistoricEvent

    /// One stream's events after a version and up to a position, with boxes opened.
    func events(of stream: StreamID, after version: Int32, upTo position: Int64, limit: Int) async throws(Failure)
        -> [HistoricEvent]

    /// Returns as soon as the log is longer than `position`, or after the time-out.
    func waitForEvents(after position: Int64, timeout: Duration) async
}

/// Which events are wanted; nil members do not filter.
public struct EventSelection: Sendable, Equatable {
    /// Of this stream.
    public var stream: StreamID?
    /// Of this stored type.
    public var type: String?
    /// Through this door.
    public var door: Door?
    /// Recorded at or after.
    public var from: Moment?
    /// Recorded before.
    public var to: Moment?

    /// Every event.
    public init() {}
}

/// Some events, and how far the log was looked through for them.
public struct EventPage: Sendable {
    /// The events.
    public let events: [HistoricEvent]
    /// The last position looked at: where the next page goes on.
    public let lookedUpTo: Int64
    /// Whether the head was reached.
    public let isAtHead: Bool

    /// Some events.
    public init(events: [HistoricEvent], lookedUpTo: Int64, isAtHead: Bool) {
        self.events = events
        self.lookedUpTo = lookedUpTo
        self.isAtHead = isAtHead
    }
}

/// A stored row, and what its box holds for those who may see it.
public struct HistoricEvent: Sendable {
    /// The row, byte for byte.
    public let stored: StoredEvent
    /// The personal half of its box, where it was opened.
    public let personal: SealedObject?

    /// A row with its personal half.
    public init(stored: StoredEvent, personal: SealedObject?) {
        self.stored = stored
        self.personal = personal
    }
}
