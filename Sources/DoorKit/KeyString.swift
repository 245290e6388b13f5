/// The text form of a key: `appId.keyid:secret`.
///
/// It prints without its secret, so that it may stand in a message by mistake.
public struct KeyString: Sendable, CustomStringConvertible {
    /// The application that issued it: everything before the first dot.
    public let applicationID: String
    /// The public half: what stands between the dot and the colon.
    public let keyID: String
    /// The secret half: everything behind the colon.
    public let secret: String

    /// Takes a key string apart; nil when a part is missing, or when it could not stand in a header as it is.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= 1_024, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            let colon = text.firstIndex(of: ":"), let dot = text[..<colon].firstIndex(of: ".")
        else { return nil }
        applicationID = String(text[..<dot])
        keyID = String(text[text.index(after: dot)..<colon])
        secret = String(text[text.index(after: colon)...])
        guard !applicationID.isEmpty, !keyID.isEmpty, !secret.isEmpty else { return nil }
    }

    /// The key without its secret.
    public var description: String { "\(applicationID).\(keyID):***" }
}
