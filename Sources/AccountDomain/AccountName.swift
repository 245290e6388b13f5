/// The unique name of an account: `^[a-z0-9_-]{1,100}$` (docs/native-api.md).
public struct AccountName: TextValue {
    /// The text.
    public let text: String

    /// Takes a text that keeps the rule.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(
            (1...100).contains(text.utf8.count) && text.utf8.allSatisfy(Self.isAllowed),
            "be 1 to 100 of a-z, 0-9, _ and -")
        self.text = text
    }

    /// Takes a text that kept the rule when it was written to the log.
    public init(stored text: String) { self.text = text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
