/// An e-mail address: one @, a plain local part, a domain of labels; at most 254 characters, never a header's syntax.
public struct EmailAddress: TextValue {
    /// The text, as it was given.
    public let text: String

    /// Takes an address.
    public init(_ text: String) throws(ValidationError) {
        try Self.check(Self.isValid(text), "be an e-mail address of at most 254 characters")
        self.text = text
    }

    /// Takes an address that was one when it was written to the log.
    public init(stored text: String) { self.text = text }

    /// Equal when all bytes are: letters that merely look alike, or are spelt in another way, are another address.
    public static func == (left: EmailAddress, right: EmailAddress) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    static func isValid(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard scalars.count <= 254, let at = scalars.lastIndex(of: "@") else { return false }
        let local = scalars[..<at]
        guard (1...64).contains(local.count), local.allSatisfy(isAllowed),
            local.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
        else { return false }
        return HostName.isValid(String(scalars[scalars.index(after: at)...]), ignoringCase: true)
    }

    /// RFC 5322's atext and the dot, and what RFC 6531 adds to it: no quotes, brackets, commas, blanks or controls.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        case ".", "!", "#", "$", "%", "&", "'", "*", "+", "-", "/", "=", "?", "^", "_", "`", "{", "|", "}", "~": true
        default: scalar.properties.isAlphabetic && !scalar.isASCII
        }
    }
}

/// The identifier of an identity: an e-mail address in lower case.
public struct Identifier: TextValue {
    /// The address, in lower case.
    public let text: String

    /// Takes an address and lowers its case.
    public init(_ text: String) throws(ValidationError) {
        // Checked before and after: lowering can lengthen a text and turn letters that are not ASCII into ASCII.
        let lowered = text.lowercased()
        try Self.check(
            EmailAddress.isValid(text) && EmailAddress.isValid(lowered),
            "be an e-mail address of at most 254 characters")
        self.text = lowered
    }

    /// Takes an identifier that was one when it was written to the log.
    public init(stored text: String) { self.text = text }
}

/// Host names (RFC 1123).
enum HostName {
    /// Whether it is one; only ASCII letters have a case here, so that no look-alike becomes one by lowering.
    static func isValid(_ text: String, ignoringCase: Bool = false) -> Bool {
        let bytes = text.utf8
        guard (1...253).contains(bytes.count) else { return false }
        return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy {
                    switch $0 {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "-"):
                        true
                    case UInt8(ascii: "A")...UInt8(ascii: "Z"): ignoringCase
                    default: false
                    }
                }
        }
    }
}
