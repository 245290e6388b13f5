/// A 128-bit identifier, written as a lower-case UUID.
public protocol UUIDShaped: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first eight bytes.
    var high: UInt64 { get }
    /// The last eight bytes.
    var low: UInt64 { get }
    /// An identifier of sixteen bytes.
    init(high: UInt64, low: UInt64)
}

extension UUIDShaped {
    /// An identifier with the version and variant bits of a random UUID (RFC 9562, version 4).
    public init(version4From high: UInt64, _ low: UInt64) {
        self.init(
            high: (high & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000,
            low: (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
    }

    /// Draws an identifier.
    public static func random(using generator: inout some RandomNumberGenerator) -> Self {
        Self(version4From: generator.next(), generator.next())
    }

    /// Reads the canonical form: 36 characters, lower case.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        let parsed = text.withUTF8 { bytes -> (UInt64, UInt64)? in
            guard bytes.count == 36 else { return nil }
            var halves: (UInt64, UInt64) = (0, 0)
            var digits = 0
            for (index, byte) in bytes.enumerated() {
                if index == 8 || index == 13 || index == 18 || index == 23 {
                    guard byte == UInt8(ascii: "-") else { return nil }
                    continue
                }
                let digit: UInt64
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
                case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a") + 10)
                default: return nil
                }
                if digits < 16 { halves.0 = halves.0 << 4 | digit } else { halves.1 = halves.1 << 4 | digit }
                digits += 1
            }
            return halves
        }
        guard let parsed else { return nil }
        self.init(high: parsed.0, low: parsed.1)
    }

    /// The canonical form.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var place = 0
            eachByte { byte in
                buffer[place] = byte
                place += 1
            }
            return place
        }
    }

    /// Appends the canonical form.
    public func appendText(to bytes: inout [UInt8]) {
        bytes.reserveAdditional(36)
        eachByte { bytes.append($0) }
    }

    /// Hands over the 36 bytes of the canonical form; a dash stands after 8, 12, 16 and 20 digits.
    private func eachByte(_ body: (UInt8) -> Void) {
        // Asked for once: where this is not specialised, each is a call.
        let (high, low) = (high, low)
        for digit in 0..<32 {
            if digit == 8 || digit == 12 || digit == 16 || digit == 20 { body(UInt8(ascii: "-")) }
            body((digit < 16 ? high : low).hexDigit(at: UInt64(60 - digit % 16 * 4)))
        }
    }

    /// Orders by bytes, as PostgreSQL orders uuid.
    public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
