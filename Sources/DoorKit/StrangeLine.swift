import NIOHTTP1

/// A request line whose method the parser does not know, put together from what arrives; the method may be cut off at
/// its beginning.
struct StrangeLine {
    enum Reading {
        case incomplete
        case tooLong
        case malformed
        case complete(target: String, version: HTTPVersion)
    }

    private var bytes: [UInt8] = []

    /// How long a method may be, and the version with its blanks.
    private static let roomBesideTarget = 128

    /// Takes more bytes, of which those behind the line are left alone.
    mutating func append(_ more: some Collection<UInt8>, limit: Int) -> Reading {
        // The parser, too, passes over empty lines before a request.
        bytes.append(contentsOf: bytes.isEmpty ? Array(more.drop { $0 == 0x0D || $0 == 0x0A }) : Array(more))
        let line = bytes.prefix { $0 != 0x0A }
        guard line.prefix(while: { $0 != 0x20 }).allSatisfy(Self.isTokenByte) else { return .malformed }
        guard line.count <= limit + Self.roomBesideTarget else { return .tooLong }
        guard line.count < bytes.count else { return .incomplete }
        guard let text = String(validating: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self) else {
            return .malformed
        }
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty else { return .malformed }
        switch parts[2] {
        case "HTTP/1.1": return .complete(target: String(parts[1]), version: .http1_1)
        case "HTTP/1.0": return .complete(target: String(parts[1]), version: .http1_0)
        default: return .malformed
        }
    }

    /// Whether a method may hold it (RFC 9110, section 5.6.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
