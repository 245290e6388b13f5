/// A host name, in lower case: labels of letters, digits and hyphens, at most 253 characters.
public struct SpaceDomain: TextValue {
    /// The text.
    public let text: String

    /// Takes a text that keeps the rule.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(HostName.isValid(text), "be a host name in lower case")
        self.text = text
    }

    /// Takes a text that kept the rule when it was written to the log.
    public init(stored text: String) { self.text = text }
}
