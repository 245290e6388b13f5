import StrictJSON

/// What a request presents to say who it is.
public enum Credential: Sendable {
    /// A key string or an access token.
    case bearer(String)
    /// The name or id of an account, and one of its keys.
    case basic(name: String, key: String)

    /// Reads the value of an `Authorization` header; nil when it is of no known form.
    public init?(authorization value: String) {
        guard let space = value.utf8.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let rest = value[space...].drop { $0 == " " }
        guard !rest.isEmpty, rest.utf8.count <= 4_096, rest.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return nil
        }
        switch ASCII.trimmedLowercase(value[..<space]) {
        case "bearer": self = .bearer(String(rest))
        case "basic":
            guard let bytes = Base64.decode(String(rest)), let text = String(validating: bytes, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { return nil }
            self = .basic(name: String(text[..<colon]), key: String(text[text.index(after: colon)...]))
        default: return nil
        }
    }
}
