/// The one reader of JSON from outside.
///
/// RFC 8259, and stricter where readers are known to disagree: UTF-8 without a byte-order mark, no repeated keys
/// (compared after unescaping), no NUL, no lone surrogates, bounded depth and size. It never traps.
public enum JSONReader {
    /// Reads a text that holds one value and nothing else but blanks.
    public static func read(
        _ bytes: [UInt8], limits: JSONLimits = .default
    ) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) -> JSONValue in
            try read(buffer, limits: limits)
        }
    }

    /// Reads a text that holds one value and nothing else but blanks, from memory that stays put for the call.
    public static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits = .default
    ) throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw .malformed(offset: 0, reason: "byte-order mark")
        }
        let start = UTF8Scan.endOfASCII(in: bytes)
        if let offset = UTF8Scan.firstInvalidOffset(in: bytes, from: start) {
            throw .malformed(offset: offset, reason: "invalid UTF-8")
        }
        var parser = JSONParser(bytes: bytes, isASCII: start == bytes.count, limits: limits)
        return try parser.parseText()
    }
}
