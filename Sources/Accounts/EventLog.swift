public import AccountDomain
public import EventCoding

/// The log as the use cases need it: one append with everything that must be true together, and the write side's reads.
public protocol EventLog: Sendable {
    /// Decides a command on current state and makes its events durable, or tells why not.
    ///
    /// - Throws: ``Failure``: what `decide` threw once its premises were confirmed, a unique value or quota that was
    ///   taken, ``Failure/idempotencyKeyReused``, ``Failure/unavailable(retryAfterSeconds:)``.
    func append(_ command: LogCommand) async throws(Failure) -> Appended

    /// A stream's state as this gateway knows it, at most about a second old.
    func state(of stream: StreamID) async throws(Failure) -> StreamState

    /// Forgets what is cached of a stream, so that the next look loads it.
    func forget(_ stream: StreamID)

    /// The stream that holds a unique value.
    func owner(of value: String, in namespace: Namespace) async throws(Failure) -> StreamID?

    /// The events of a stream in a range of versions, opened, in order.
    func events(of stream: StreamID, versions: ClosedRange<Int32>) async throws(Failure) -> [RecordedEvent]

    /// Seals bytes under a stream's key and stores them beside the log, before the command that names them.
    func storeBlob(_ bytes: [UInt8], for stream: StreamID) async throws(Failure) -> BlobReference

    /// Opens a blob of a stream.
    func blob(_ reference: BlobReference, of stream: StreamID) async throws(Failure) -> [UInt8]
}

/// A domain event at its place in the log.
public struct RecordedEvent: Sendable, Equatable {
    /// Place in the log.
    public let position: Int64
    /// Time of the append.
    public let recordedAt: Moment
    /// Its stream.
    public let stream: StreamID
    /// Place in the stream.
    public let version: Int32
    /// The command that made it happen.
    public let command: CommandID
    /// What happened.
    public let event: DomainEvent

    /// An event at its place.
    public init(
        position: Int64, recordedAt: Moment, stream: StreamID, version: Int32, command: CommandID, event: DomainEvent
    ) {
        self.position = position
        self.recordedAt = recordedAt
        self.stream = stream
        self.version = version
        self.command = command
        self.event = event
    }
}

/// A stream's folded state, and up to where it is known to be complete.
public struct StreamState: Sendable {
    /// The stream.
    public let stream: StreamID
    /// How many events it has; 0 when it does not exist.
    public let version: Int32
    /// Its state.
    public let aggregate: Aggregate
    /// The position up to which no further event of it exists.
    public let seen: Int64

    /// A state.
    public init(stream: StreamID, version: Int32, aggregate: Aggregate, seen: Int64) {
        self.stream = stream
        self.version = version
        self.aggregate = aggregate
        self.seen = seen
    }
}

/// One atomic unit: the streams it reads and writes, and how it decides.
public final class LogCommand: Sendable {
    /// Identifies it: derived from an Idempotency-Key, else random.
    public let id: CommandID
    /// Where a repeat looks for `id` (docs/log.md).
    public let home: StreamID
    /// Every stream that the decision reads or appends to, `home` first; at most 16, without repetition.
    public let streams: [StreamID]
    /// Streams among them whose ids were just drawn, so that nothing need be loaded for them.
    public let fresh: Set<StreamID>
    /// Who, through which door, in which request.
    public let meta: EventMeta
    /// The request's digest when it carried an Idempotency-Key.
    public let requestDigest: Digest?
    /// When to give up.
    public let deadline: ContinuousClock.Instant
    /// Whether the caller may still act; asked before `decide`, and before a repeat is answered.
    public let authorize: @Sendable (DecisionInput) throws(Failure) -> Void
    /// Decides on the streams' states.
    ///
    /// Pure, quick, and run again when a stream has moved.
    public let decide: @Sendable (DecisionInput) throws(Failure) -> Decision

    /// A unit of work on some streams.
    public init(
        id: CommandID, home: StreamID, streams: [StreamID], fresh: Set<StreamID> = [], meta: EventMeta,
        requestDigest: Digest? = nil, deadline: ContinuousClock.Instant,
        authorize: @escaping @Sendable (DecisionInput) throws(Failure) -> Void,
        decide: @escaping @Sendable (DecisionInput) throws(Failure) -> Decision
    ) {
        self.id = id
        self.home = home
        self.streams = streams
        self.fresh = fresh
        self.meta = meta
        self.requestDigest = requestDigest
        self.deadline = deadline
        self.authorize = authorize
        self.decide = decide
    }
}

/// What a decision may look at.
public struct DecisionInput: Sendable {
    /// The gateway's clock.
    public let now: Moment
    /// The command under decision: the salt of its one-time secrets.
    public let command: CommandID
    private let states: [StreamState]
    private let findKey: @Sendable (StreamID) -> StreamKey?

    /// The states of a command's streams, and their keys.
    ///
    /// - Parameters:
    ///   - now: the gateway's clock.
    ///   - command: the command under decision.
    ///   - states: one for each of the command's streams.
    ///   - findKey: the data key of one of them; of a stream without events, the key that it will have.
    public init(
        now: Moment, command: CommandID, states: [StreamState],
        findKey: @escaping @Sendable (StreamID) -> StreamKey?
    ) {
        self.now = now
        self.command = command
        self.states = states
        self.findKey = findKey
    }

    /// The data key of one of the command's streams, to derive one-time secrets and to check them.
    ///
    /// - Returns: nil when the stream was erased.
    public func key(of stream: StreamID) -> StreamKey? { findKey(stream) }

    /// The state of one of the command's streams.
    public func aggregate(_ stream: StreamID) -> Aggregate {
        for state in states where state.stream == stream { return state.aggregate }
        return .empty
    }

    /// The account in one of the command's streams; missing when the stream is empty or something else.
    public func account(_ stream: StreamID) -> Account {
        if case .account(let account) = aggregate(stream) { account } else { .missing }
    }

    /// The version of one of the command's streams.
    public func version(_ stream: StreamID) -> Int {
        for state in states where state.stream == stream { return Int(state.version) }
        return 0
    }
}

/// What a decision makes happen, all of it or nothing.
public struct Decision: Sendable {
    /// Events of one stream, in order.
    public struct Part: Sendable {
        /// The stream.
        public let stream: StreamID
        /// Its new events.
        public let events: [DomainEvent]
    }

    /// A unique value taken or given up by a stream.
    public struct Claim: Sendable {
        /// The kind of value.
        public let namespace: Namespace
        /// The value, folded so that look-alikes are equal.
        public let value: String
        /// The stream that takes it or gives it up.
        public let stream: StreamID
        /// Whether it is taken.
        public let isTaken: Bool
    }

    /// Places taken (> 0) from or given back (< 0) to a Space.
    public struct Places: Sendable {
        /// The Space's stream.
        public let owner: StreamID
        /// How many.
        public let delta: Int32
    }

    /// A Space's limit set anew.
    public struct Limit: Sendable {
        /// The Space's stream.
        public let owner: StreamID
        /// The limit; nil for none.
        public let maximum: Int32?
    }

    /// New events by stream; streams without an entry are asserted only.
    public private(set) var parts: [Part] = []
    /// Unique values.
    public private(set) var claims: [Claim] = []
    /// Places.
    public private(set) var places: [Places] = []
    /// Limits.
    public private(set) var limits: [Limit] = []
    /// Streams whose key is destroyed: erasure.
    public private(set) var destroyed: [StreamID] = []

    /// A decision that changes nothing yet.
    public init() {}

    /// A decision of one account's events.
    public init(_ stream: StreamID, _ events: [AccountEvent]) {
        append(events.map { .account($0) }, to: stream)
    }

    /// Adds events to a stream; a stream is named once.
    public mutating func append(_ events: [DomainEvent], to stream: StreamID) {
        if !events.isEmpty { parts.append(Part(stream: stream, events: events)) }
    }

    /// Takes a unique value.
    public mutating func take(_ value: String, in namespace: Namespace, for stream: StreamID) {
        claims.append(Claim(namespace: namespace, value: value, stream: stream, isTaken: true))
    }

    /// Gives up a unique value.
    public mutating func release(_ value: String, in namespace: Namespace, from stream: StreamID) {
        claims.append(Claim(namespace: namespace, value: value, stream: stream, isTaken: false))
    }

    /// Takes places of a Space, or gives them back.
    public mutating func count(_ delta: Int32, in owner: StreamID) { places.append(Places(owner: owner, delta: delta)) }

    /// Sets a Space's limit.
    public mutating func limit(_ owner: StreamID, to maximum: Int?) {
        limits.append(Limit(owner: owner, maximum: maximum.map { Int32(clamping: $0) }))
    }

    /// Destroys a stream's key with this append.
    public mutating func destroyKey(of stream: StreamID) { destroyed.append(stream) }
}

/// A command that stands.
public struct Appended: Sendable {
    /// Position of its last event; the head it was decided at when it changed nothing.
    public let position: Int64
    /// The home stream's version after it.
    public let version: Int
    /// Its events in the home stream.
    public let events: [RecordedEvent]
    /// Whether it had been applied by an earlier request with the same Idempotency-Key.
    public let isReplay: Bool

    /// The outcome of a command.
    public init(position: Int64, version: Int, events: [RecordedEvent], isReplay: Bool) {
        self.position = position
        self.version = version
        self.events = events
        self.isReplay = isReplay
    }
}
