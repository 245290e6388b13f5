/// Why a fold could not take an event or read a row of its own back.
///
/// Texts name members and rules of ours, never a stored value: they stand in `ledger.parked`.
public enum ProjectionFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// A view that is not what this projection wrote.
    case unreadableView
    /// An event that its stream cannot have at this place.
    case impossible(String)

    /// One line for logs and for `parked`.
    public var description: String {
        switch self {
        case .unreadableView: "a stored view cannot be read back"
        case .impossible(let what): "impossible event: \(what)"
        }
    }
}
