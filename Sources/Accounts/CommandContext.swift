public import AccountDomain
public import EventCoding

/// The request behind a command: what goes into `meta`, and what makes a repeat recognisable.
public struct CommandContext: Sendable {
    /// Who asks.
    public var caller: Caller
    /// Through which door.
    public var door: Door
    /// The request's id.
    public var request: RequestID
    /// The trace it belongs to.
    public var trace: TraceID?
    /// The repeatable form of the request, when it carried an Idempotency-Key.
    public var idempotency: Idempotency?
    /// The version the client expects the stream to have (`If-Match`).
    public var expectedVersion: Int?
    /// When the answer is no longer awaited.
    public var deadline: ContinuousClock.Instant

    /// The context of one request.
    public init(
        caller: Caller, door: Door, request: RequestID, trace: TraceID? = nil, idempotency: Idempotency? = nil,
        expectedVersion: Int? = nil, deadline: ContinuousClock.Instant = .now + .seconds(10)
    ) {
        self.caller = caller
        self.door = door
        self.request = request
        self.trace = trace
        self.idempotency = idempotency
        self.expectedVersion = expectedVersion
        self.deadline = deadline
    }

    var meta: EventMeta { EventMeta(actor: caller.actor, door: door, request: request, trace: trace) }
}

/// What identifies a keyed command, and what its repeat must repeat (docs/log.md).
public struct Idempotency: Sendable {
    /// Derived from caller, method, path and key.
    public let command: CommandID
    /// SHA-256 of the request's body.
    public let requestDigest: Digest

    /// A keyed command's identity.
    public init(command: CommandID, requestDigest: Digest) {
        self.command = command
        self.requestDigest = requestDigest
    }
}
