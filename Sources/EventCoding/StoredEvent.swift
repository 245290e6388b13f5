public import AccountDomain

/// One row of `ledger.events`, byte for byte.
public struct StoredEvent: Sendable, Equatable {
    /// Place in the log: 1, 2, 3, … without gap, in commit order.
    public var position: Int64
    /// Time of the append; never decreases along `position`.
    public var recordedAt: Moment
    /// The stream it belongs to.
    public var stream: StreamID
    /// Place in the stream, counted from 1.
    public var version: Int32
    /// The command that made it happen.
    public var command: CommandID
    /// Stored name with its version, such as `backup.replaced.v1`.
    public var type: String
    /// Canonical JSON: who, through which door, in which request.
    public var meta: [UInt8]
    /// Canonical JSON that holds nothing a client typed.
    public var data: [UInt8]
    /// The box; nil when there is none, or when it was purged.
    public var secret: [UInt8]?
    /// SHA-256 of the box; stays when the box is purged.
    public var secretHash: [UInt8]?

    /// A row with every column given.
    public init(
        position: Int64, recordedAt: Moment, stream: StreamID, version: Int32, command: CommandID, type: String,
        meta: [UInt8], data: [UInt8], secret: [UInt8]?, secretHash: [UInt8]?
    ) {
        self.position = position
        self.recordedAt = recordedAt
        self.stream = stream
        self.version = version
        self.command = command
        self.type = type
        self.meta = meta
        self.data = data
        self.secret = secret
        self.secretHash = secretHash
    }
}
