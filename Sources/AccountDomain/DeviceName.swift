/// What an owner calls a device: 1 to 128 characters.
public struct DeviceName: TextValue {
    /// The text.
    public let text: String

    /// Takes a text that keeps the rule.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(text.isPlain(1...128), "have 1 to 128 characters and no control characters")
        self.text = text
    }

    /// Takes a text that kept the rule when it was written to the log.
    public init(stored text: String) { self.text = text }
}
