/// Why a text of the transparency formats was not accepted.
public enum TransparencyError: Error, Equatable, CustomStringConvertible {
    /// The text does not have the form that its specification asks for; names the format.
    case malformed(String)
    /// A signature under a known key's name and id does not fit the text.
    case badSignature(String)
    /// No signature comes from a known key.
    case noKnownSignature

    /// What is wrong, in a sentence without the text itself.
    public var description: String {
        switch self {
        case .malformed(let format): "this is not a well-formed \(format)"
        case .badSignature(let name): "the signature by \(name) does not fit the text"
        case .noKnownSignature: "no signature is by a known key"
        }
    }
}
