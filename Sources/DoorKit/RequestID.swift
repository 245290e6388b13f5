/// The id of one request: the client's own when it is a UUID, else a new random one.
public struct RequestID: Sendable, Hashable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// Makes an id from its two halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the 36-character form in either case, nil for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for (offset, byte) in text.utf8.enumerated() {
            if offset == 8 || offset == 13 || offset == 18 || offset == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let value = HexDigit.value(byte) else { return nil }
            if digits < 16 { high = high << 4 | UInt64(value) } else { low = low << 4 | UInt64(value) }
            digits += 1
        }
        self.init(high: high, low: low)
    }

    /// The lower-case 36-character form.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var offset = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    buffer[offset] = UInt8(ascii: "-")
                    offset += 1
                }
                let half = nibble < 16 ? high : low
                buffer[offset] = HexDigit.character(
                    UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (nibble & 15))) & 15)
                offset += 1
            }
            return offset
        }
    }
}

/// Makes new request ids for one connection.
///
/// Seeded from the system's generator once, so that a request costs no system call. Ids name requests in logs; they
/// are unique, and nothing may rely on them being secret.
struct RequestIDSource {
    private var first = UInt64.random(in: .min ... .max)
    private var second = UInt64.random(in: .min ... .max)

    mutating func next() -> RequestID {
        first &+= 0x9e37_79b9_7f4a_7c15
        second &+= 0xd1b5_4a32_d192_ed03
        let high = Self.mix(first) & 0xffff_ffff_ffff_0fff | 0x4000
        let low = Self.mix(second) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return RequestID(high: high, low: low)
    }

    private static func mix(_ state: UInt64) -> UInt64 {
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
