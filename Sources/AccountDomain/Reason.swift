/// Why something was done, in the words of whoever did it: up to 1,024 characters.
public struct Reason: TextValue {
    /// The text.
    public let text: String

    /// Takes a text that keeps the rule.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(
            (1...1024).contains(text.unicodeScalars.count) && !text.unicodeScalars.contains("\0"),
            "have 1 to 1024 characters")
        self.text = text
    }

    /// Takes a text that kept the rule when it was written to the log.
    public init(stored text: String) { self.text = text }
}
