public import AccountDomain
import EventCoding
import StrictJSON

/// What is mailed to whoever lost a password: the account, and a secret derived from its key.
///
/// The account stands in it so that a token is looked up nowhere; who it is of is no secret.
public struct RecoveryToken: Sendable, Equatable {
    private static let secretBytes = 24

    /// Whose token it is.
    public let account: AccountID
    /// The secret, 192 bits.
    let secret: [UInt8]

    /// The token of a request.
    init(account: AccountID, key: StreamKey, command: CommandID, ordinal: Int) {
        self.account = account
        secret = key.derivedSecret(
            command: command, kind: "recovery", ordinal: ordinal, byteCount: Self.secretBytes)
    }

    /// Reads its text; nil for any other text.
    public init?(_ text: String) {
        let standard = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            case UInt8(ascii: "+"), UInt8(ascii: "/"): 0
            default: byte
            }
        }
        guard text.utf8.count <= 64, let bytes = Base64.decode(standard, padded: false),
            bytes.count == 16 + Self.secretBytes
        else { return nil }
        func half(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        account = AccountID(high: half(0), low: half(8))
        secret = Array(bytes[16...])
    }

    /// The text that is mailed: base64 in the alphabet of URLs.
    public var text: String {
        let standard = Base64.encode(account.bytes + secret, padded: false)
        return String(standard.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    /// What the log keeps of it, in the box of its event; nobody guesses 192 bits.
    var digest: Digest { Digest.sha256(of: secret) }
}
