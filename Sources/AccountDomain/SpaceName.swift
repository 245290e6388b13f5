/// The name of a Space: 1 to 100 characters.
public struct SpaceName: TextValue {
    /// The text.
    public let text: String

    /// Takes a text that keeps the rule.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(text.isPlain(1...100), "have 1 to 100 characters and no control characters")
        self.text = text
    }

    /// Takes a text that kept the rule when it was written to the log.
    public init(stored text: String) { self.text = text }
}
