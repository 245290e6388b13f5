import NIOHTTP1

/// What an `If-Match` or `If-None-Match` header asks for.
public enum EntityTagCondition: Sendable, Equatable {
    /// Any current version.
    case any
    /// One of these stream versions.
    case versions([Int])

    /// Whether `version` is asked for.
    public func contains(_ version: Int) -> Bool {
        switch self {
        case .any: true
        case .versions(let versions): versions.contains(version)
        }
    }
}

extension DoorRequest {
    /// The `Idempotency-Key`: 1 to 255 printable ASCII characters, or those as a structured-field string.
    ///
    /// - Throws: `malformed-request`.
    public func idempotencyKey() throws(Problem) -> String? {
        guard let text = try header("Idempotency-Key") else { return nil }
        guard let key = Self.unquoted(text), (1...255).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else {
            throw Problem(.malformedRequest, "Idempotency-Key must be 1 to 255 printable ASCII characters.")
        }
        return key
    }

    /// The contents of a structured-field string (RFC 9651, section 3.3.3), or the text itself when it is not quoted.
    private static func unquoted(_ text: String) -> String? {
        guard text.utf8.first == UInt8(ascii: "\"") else { return text }
        guard text.utf8.count >= 2, text.utf8.last == UInt8(ascii: "\"") else { return nil }
        var key: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8.dropFirst().dropLast() {
            let isSpecial = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            if isEscaped {
                guard isSpecial else { return nil }
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            } else if isSpecial {
                return nil
            }
            key.append(byte)
        }
        return isEscaped ? nil : String(decoding: key, as: UTF8.self)
    }

    /// The `If-Match` header: strong tags of stream versions, or `*`.
    ///
    /// A weak tag never matches (RFC 9110, section 13.1.1), so it is left out.
    ///
    /// - Throws: `malformed-request`.
    public func ifMatch() throws(Problem) -> EntityTagCondition? { try condition("If-Match", takesWeak: false) }

    /// The `If-None-Match` header: tags of stream versions, strong or weak, or `*`.
    ///
    /// - Throws: `malformed-request`.
    public func ifNoneMatch() throws(Problem) -> EntityTagCondition? {
        try condition("If-None-Match", takesWeak: true)
    }

    private func condition(_ name: String, takesWeak: Bool) throws(Problem) -> EntityTagCondition? {
        guard let text = try header(name) else { return nil }
        if text == "*" { return .any }
        var versions: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            var tag = ASCII.trimmed(part)
            let isWeak = tag.hasPrefix("W/")
            if isWeak { tag = tag.dropFirst(2) }
            guard tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\""),
                !tag.dropFirst().dropLast().contains("\"")
            else {
                throw Problem(.malformedRequest, "\(name) is not a list of entity tags.")
            }
            // A tag that is no version is none of ours and matches nothing.
            if !isWeak || takesWeak, let version = Int(tag.dropFirst().dropLast()) { versions.append(version) }
        }
        return .versions(versions)
    }

    /// The 32 hexadecimal digits of the trace id in `traceparent` (W3C Trace Context), nil when absent or not valid.
    ///
    /// A broken trace header never fails a request.
    public var traceID: String? {
        guard let text = headers.first(name: "traceparent") else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].utf8.count == 2, parts[0] != "ff", parts[1].utf8.count == 32,
            parts[2].utf8.count == 16,
            parts[1].utf8.allSatisfy({ HexDigit.value($0) != nil && ASCII.lowercased($0) == $0 }),
            parts[1].utf8.contains(where: { $0 != UInt8(ascii: "0") })
        else { return nil }
        return String(parts[1])
    }
}
