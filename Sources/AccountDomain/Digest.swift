/// Thirty-two bytes: a SHA-256 or HMAC-SHA-256 value.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// A digest of exactly 32 bytes.
    ///
    /// Beside the generic form, which other modules cannot specialise: this one stands in the way of every event.
    public init?(bytes: [UInt8]) {
        guard let digest = bytes.withUnsafeBytes({ Digest(copying: $0) }) else { return nil }
        self = digest
    }

    /// The digest that stands in exactly 32 bytes.
    public init?(copying bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        func word(_ first: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: first, as: UInt64.self))
        }
        words = (word(0), word(8), word(16), word(24))
    }

    /// A digest of exactly 32 bytes.
    public init?(bytes: some Collection<UInt8>) { self.init(bytes: Array(bytes)) }

    /// The bytes.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            for place in 0..<32 { buffer[place] = byte(place) }
            count = 32
        }
    }

    /// Lower-case hex digits.
    public var description: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            for place in 0..<32 {
                let byte = byte(place)
                buffer[place * 2] = Self.digit(byte >> 4)
                buffer[place * 2 + 1] = Self.digit(byte & 15)
            }
            return 64
        }
    }

    private func byte(_ place: Int) -> UInt8 {
        let word =
            switch place >> 3 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return UInt8(truncatingIfNeeded: word >> UInt64(56 - (place & 7) * 8))
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    /// Compares in constant time, for digests often stand for secrets.
    public static func == (left: Digest, right: Digest) -> Bool {
        (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3) == 0
    }

    /// Hashes the value.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
