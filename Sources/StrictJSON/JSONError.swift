/// Why a text was not read, or a value not written.
///
/// Offsets count bytes from the start of the text. Nothing in here repeats the text: it may hold secrets.
public enum JSONError: Error, Sendable, Equatable {
    /// The text breaks the grammar, or a rule of ours on top of it, at `offset`; `reason` is a fixed phrase.
    case malformed(offset: Int, reason: String)
    /// The object that is being read at `offset` has this key already.
    case duplicateKey(offset: Int)
    /// The text is well formed up to `offset` but exceeds a limit, which `reason` names by a fixed phrase.
    case tooLarge(offset: Int, reason: String)
    /// The value has no canonical form: a number that is no integer, or a repeated key.
    case notCanonical(reason: String)
}

extension JSONError: CustomStringConvertible {
    /// A sentence for the author of the text, safe to log and to send.
    public var description: String {
        switch self {
        case .malformed(let offset, let reason): "\(reason) at byte \(offset)"
        case .duplicateKey(let offset): "repeated key at byte \(offset)"
        case .tooLarge(let offset, let reason): "\(reason) at byte \(offset)"
        case .notCanonical(let reason): reason
        }
    }
}
