extension EmailAddress {
    /// Takes an address by the rule of m-ld, which differs from ours at the edges: a domain of at least two labels whose
    /// last begins with a letter, and in the local part whatever is neither ASCII nor a control or a blank.
    ///
    /// - Throws: ``ValidationError``.
    public init(mailbox text: String) throws(ValidationError) {
        try Self.check(Self.isMailbox(text), "be an e-mail address of at most 254 characters")
        self.init(stored: text)
    }

    private static func isMailbox(_ text: String) -> Bool {
        guard text.utf8.count <= 4 * 254, text.unicodeScalars.count <= 254,
            let at = text.utf8.firstIndex(of: UInt8(ascii: "@"))
        else { return false }
        let local = text[..<at]
        let domain = text[text.utf8.index(after: at)...]
        guard (1...64).contains(local.utf8.count), local.unicodeScalars.allSatisfy(isLocal),
            local.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty }
            ),
            HostName.isValid(String(domain), ignoringCase: true),
            let dot = domain.utf8.lastIndex(of: UInt8(ascii: ".")),
            let first = domain.utf8[domain.utf8.index(after: dot)...].first
        else { return false }
        switch first {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): return true
        default: return false
        }
    }

    private static func isLocal(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": return true
        case ".", "_", "!", "#", "$", "%", "&", "'", "*", "+", "-", "/", "=", "?", "^", "`", "{", "|", "}", "~":
            return true
        default:
            guard !scalar.isASCII else { return false }
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
                .spaceSeparator:
                return false
            default: return true
            }
        }
    }
}
