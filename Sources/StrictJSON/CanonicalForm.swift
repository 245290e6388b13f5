extension JSONValue {
    /// The integers that every JSON reader holds exactly (RFC 7493, 2.2).
    private static let exactIntegers: ClosedRange<Int64> = -9_007_199_254_740_991...9_007_199_254_740_991

    /// The canonical bytes of this value (RFC 8785): what is hashed and signed.
    ///
    /// Throws `notCanonical` for a `number`, for an integer beyond ±(2^53 − 1), which RFC 8785 would round, and for an
    /// object with a repeated key.
    public func canonicalBytes() throws(JSONError) -> [UInt8] {
        var writer = JSONWriter()
        try writeCanonical(to: &writer)
        return writer.bytes
    }

    fileprivate func writeCanonical(to writer: inout JSONWriter) throws(JSONError) {
        switch self {
        case .null: writer.null()
        case .bool(let flag): writer.bool(flag)
        case .integer(let number):
            guard Self.exactIntegers.contains(number) else { throw .notCanonical(reason: "integer too large") }
            writer.integer(number)
        case .number: throw .notCanonical(reason: "number that is no integer")
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { try element.writeCanonical(to: &writer) }
            writer.endArray()
        case .object(let object): try object.writeCanonical(to: &writer)
        }
    }
}

extension JSONObject {
    /// The canonical bytes of this object (RFC 8785).
    ///
    /// Throws as the one of `JSONValue` does.
    public func canonicalBytes() throws(JSONError) -> [UInt8] { try JSONValue.object(self).canonicalBytes() }

    fileprivate func writeCanonical(to writer: inout JSONWriter) throws(JSONError) {
        let sorted = members.sorted { CanonicalOrder.precedes($0.key, $1.key) }
        writer.beginObject()
        for (index, member) in sorted.enumerated() {
            if index > 0, member.key.utf8.elementsEqual(sorted[index - 1].key.utf8) {
                throw .notCanonical(reason: "repeated key")
            }
            writer.key(member.key)
            try member.value.writeCanonical(to: &writer)
        }
        writer.endObject()
    }
}

/// The order of keys in canonical JSON: by UTF-16 code units.
enum CanonicalOrder {
    /// Whether `first` comes before `second`.
    ///
    /// UTF-8 orders as UTF-16 does, but for one thing: U+E000 to U+FFFF (lead bytes EE and EF) come behind the
    /// surrogates of everything above U+FFFF (lead bytes F0 to F4). Weighing these lead bytes up is all it takes.
    static func precedes(_ first: String, _ second: String) -> Bool {
        first.utf8.lexicographicallyPrecedes(second.utf8) { weight($0) < weight($1) }
    }

    @inline(__always)
    private static func weight(_ byte: UInt8) -> UInt8 { byte == 0xEE || byte == 0xEF ? byte &+ 0x10 : byte }
}
