/// Looks at text eight bytes at a time.
enum UTF8Scan {
    /// The top bit of each of eight bytes.
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    /// The lowest bit of each of eight bytes.
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101

    /// The index of the first `"`, `\` or control character at or after `start`, or the count.
    @inline(__always)
    static func endOfPlainRun(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return 0 }
        let count = bytes.count
        var index = start
        while index &+ 8 <= count {
            let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let quote = word ^ (lowBits &* 0x22)
            let backslash = word ^ (lowBits &* 0x5C)
            // Each term has a byte's top bit set when that byte is (at least in the lowest such byte exactly) a hit.
            let hits =
                ((quote &- lowBits) & ~quote) | ((backslash &- lowBits) & ~backslash)
                | ((word &- (lowBits &* 0x20)) & ~word)
            if hits & highBits != 0 { break }
            index &+= 8
        }
        while index < count {
            let byte = bytes[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { return index }
            index &+= 1
        }
        return count
    }

    /// How many bytes at the beginning are ASCII.
    static func endOfASCII(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return 0 }
        let count = bytes.count
        var index = 0
        while index &+ 8 <= count, base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & highBits == 0 {
            index &+= 8
        }
        while index < count, bytes[index] < 0x80 { index &+= 1 }
        return index
    }

    /// Where the first sequence stands that is no UTF-8, nil when all is well from `start` on.
    ///
    /// The ranges are those of the table "Well-Formed UTF-8 Byte Sequences" (Unicode, table 3-7), which leaves no room
    /// for overlong forms, surrogates, or anything above U+10FFFF.
    static func firstInvalidOffset(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard let base = UnsafeRawPointer(bytes.baseAddress) else { return nil }
        let count = bytes.count
        var index = start
        while index < count {
            if index &+ 8 <= count,
                base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & highBits == 0
            {
                index &+= 8
                continue
            }
            let lead = bytes[index]
            if lead < 0x80 {
                index &+= 1
                continue
            }
            let length: Int
            var second: ClosedRange<UInt8> = 0x80...0xBF
            switch lead {
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: length = 4
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return index
            }
            guard index &+ length <= count, second.contains(bytes[index &+ 1]) else { return index }
            for offset in 2..<max(length, 2) where bytes[index &+ offset] & 0xC0 != 0x80 { return index }
            index &+= length
        }
        return nil
    }
}
