/// A stream of the log - an account, an identity, a Space.
public struct StreamID: UUIDShaped {
    /// The first eight bytes.
    public let high: UInt64
    /// The last eight bytes.
    public let low: UInt64

    /// An identifier of sixteen bytes.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// The stream of an account.
public typealias AccountID = StreamID
/// The stream of an identity.
public typealias IdentityID = StreamID
/// The stream of a Space.
public typealias SpaceID = StreamID
