import StrictJSON

/// Base64 in the alphabet of URLs, without padding (RFC 4648, section 5), in its one canonical spelling.
public enum Base64URL {
    /// The text of `bytes`.
    public static func encode(_ bytes: [UInt8]) -> String {
        String(decoding: Base64.encode(bytes, padded: false).utf8.map(toURLSafe), as: UTF8.self)
    }

    /// The bytes that `text` stands for, nil for any other text.
    public static func decode(_ text: String) -> [UInt8]? {
        Base64.decode(text.utf8.map(fromURLSafe), padded: false)
    }

    private static func toURLSafe(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: byte
        }
    }

    /// The reverse; the standard alphabet's own two characters become invalid, or a text had two spellings.
    private static func fromURLSafe(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        case UInt8(ascii: "+"), UInt8(ascii: "/"): 0
        default: byte
        }
    }
}
