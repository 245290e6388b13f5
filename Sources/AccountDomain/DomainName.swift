/// The name of a domain below an account (m-ld): one label of a host name, in lower case.
public struct DomainName: TextValue {
    /// The text.
    public let text: String

    /// Takes a label of 1 to 63 of a-z, 0-9 and inner hyphens.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(
            !text.utf8.contains(UInt8(ascii: ".")) && HostName.isValid(text),
            "be a label of 1 to 63 of a-z, 0-9 and inner hyphens")
        self.text = text
    }

    /// Takes a name that kept the rule when it was written to the log.
    public init(stored text: String) { self.text = text }

    /// Draws the name of a domain that nobody named: `c` and 24 of a-z and 0-9, in the form of a cuid.
    public static func drawn(using generator: inout some RandomNumberGenerator) -> DomainName {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var bytes = [UInt8(ascii: "c")]
        for _ in 0..<24 { bytes.append(letters[Int.random(in: 0..<letters.count, using: &generator)]) }
        return DomainName(stored: String(decoding: bytes, as: UTF8.self))
    }

    /// Whether it has the form of a drawn name, which nobody else could know.
    public var isDrawn: Bool {
        text.utf8.count == 25 && text.utf8.first == UInt8(ascii: "c")
            && text.utf8.allSatisfy { $0 != UInt8(ascii: "-") }
    }
}
