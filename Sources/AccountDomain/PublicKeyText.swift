/// A public key as a device registered it: 1 to 8,192 characters, taken as it is.
public struct PublicKeyText: TextValue {
    /// The text.
    public let text: String

    /// Takes a text that keeps the rule.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(
            (1...8192).contains(text.unicodeScalars.count) && !text.unicodeScalars.contains("\0"),
            "have 1 to 8192 characters")
        self.text = text
    }

    /// Takes a text that kept the rule when it was written to the log.
    public init(stored text: String) { self.text = text }
}
