import AccountDomain

/// Why a stored event could not be turned back into a domain event.
///
/// Messages name members and types of ours, never a stored value.
public enum EventCodingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A type name that this version of the service does not know.
    case unknownType
    /// A member that is missing or not of its kind.
    case malformed(String)
    /// A box that its key does not open: the key is another, or the bytes were changed.
    case sealedUnderAnotherKey
    /// A secret whose hash is not the one that was recorded.
    case hashMismatch
    /// A key epoch that the keyring does not hold.
    case unknownEpoch(Int32)

    /// One line for logs and for `parked`.
    public var description: String {
        switch self {
        case .unknownType: "unknown event type"
        case .malformed(let what): "malformed \(what)"
        case .sealedUnderAnotherKey: "a box does not open with its stream's key"
        case .hashMismatch: "a box differs from its recorded hash"
        case .unknownEpoch(let epoch): "key epoch \(epoch) is not in the keyring"
        }
    }
}
