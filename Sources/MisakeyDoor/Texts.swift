import Accounts
import StrictJSON

/// Base64 in the alphabet of URLs (docs/misakey.md): kept as text, never decoded.
enum URLText {
    /// Whether a text begins with the name of its algorithm.
    enum Prefix { case none, optional, required }

    private static let prefix = "com.misakey.aes-rsa-enc:"

    /// Whether a text is one: without padding, or where `padded` says so with the padding it must have or none.
    static func isValid(_ text: String, padded: Bool, prefix: Prefix) -> Bool {
        var rest = text[...]
        let hasPrefix = rest.hasPrefix(Self.prefix)
        if prefix == .required, !hasPrefix { return false }
        if prefix != .none, hasPrefix { rest = rest.dropFirst(Self.prefix.count) }
        var bytes = Array(rest.utf8)
        if padded, bytes.last == UInt8(ascii: "=") {
            guard bytes.count % 4 == 0 else { return false }
            bytes.removeLast()
            if bytes.last == UInt8(ascii: "=") { bytes.removeLast() }
            // What is left over must need the padding that it had.
            guard bytes.count % 4 >= 2 else { return false }
        }
        return !bytes.isEmpty && bytes.allSatisfy(isLetter)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Base64 in the standard alphabet, padded, in whatever spelling: stray bits in the last digit are allowed, and kept.
enum StandardText {
    /// What a text stands for; nil when it is no base64.
    static func decode(_ text: String) -> BackupText? {
        if let data = Base64.decode(text) { return BackupText(data: data, ending: nil) }
        // Another spelling of the last group: its last digit has bits that mean nothing.
        let bytes = Array(text.utf8)
        guard bytes.count >= 4, bytes.count % 4 == 0, bytes.last == UInt8(ascii: "=") else { return nil }
        let last = bytes[bytes.count - 2] == UInt8(ascii: "=") ? bytes.count - 3 : bytes.count - 2
        let meaningless: UInt8 = last == bytes.count - 3 ? 0x0F : 0x03
        guard let place = alphabet.firstIndex(of: bytes[last]) else { return nil }
        var canonical = bytes
        canonical[last] = alphabet[place & ~Int(meaningless)]
        guard let data = Base64.decode(canonical) else { return nil }
        return BackupText(data: data, ending: String(decoding: bytes.suffix(4), as: UTF8.self))
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}

extension JSONWriter {
    /// Writes a backup as it was written to us.
    mutating func backup(_ data: [UInt8], ending: String?) {
        guard let ending else { return base64(data) }
        string(Base64.encode(data).dropLast(4) + ending)
    }
}
