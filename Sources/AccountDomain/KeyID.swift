/// The public half of a key: 24 random bits, written as six letters a…p (as m-ld Gateway writes them: each hex digit, with decimal
/// digit d as the letter d places after g).
public struct KeyID: Sendable, Hashable, CustomStringConvertible {
    /// The bits.
    public let bits: UInt32

    /// A key id of the lowest 24 bits.
    public init(bits: UInt32) { self.bits = bits & 0xFF_FFFF }

    /// Reads six letters a…p.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 6 else { return nil }
        var bits: UInt32 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "f"): bits = bits << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "g")...UInt8(ascii: "p"): bits = bits << 4 | UInt32(byte - UInt8(ascii: "g"))
            default: return nil
            }
        }
        self.bits = bits
    }

    /// The six letters.
    public var description: String {
        String(unsafeUninitializedCapacity: 6) { buffer in
            for place in 0..<6 {
                let nibble = UInt8(truncatingIfNeeded: bits >> UInt32(20 - place * 4)) & 15
                buffer[place] = nibble < 10 ? UInt8(ascii: "g") + nibble : UInt8(ascii: "a") + nibble - 10
            }
            return 6
        }
    }
}
