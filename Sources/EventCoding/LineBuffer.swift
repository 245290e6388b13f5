/// Bytes that grow at their end, written through a pointer: what makes a line of the log costs no allocation.
///
/// Room is made once for a whole line, so that the pieces of it are written without a check each.
final class LineBuffer {
    private(set) var count = 0
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = max(capacity, 1024)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// Makes room for so many bytes behind those written.
    func reserve(_ additional: Int) {
        let needed = count + additional
        guard needed > capacity else { return }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: max(needed, capacity * 2))
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = max(needed, capacity * 2)
    }

    /// A copy of what was written; the buffer is empty afterwards and keeps its room, unless that is very much.
    func take() -> [UInt8] {
        defer {
            count = 0
            if capacity > 32 << 20 {
                base.deallocate()
                capacity = 1 << 20
                base = .allocate(capacity: capacity)
            }
        }
        return [UInt8](UnsafeBufferPointer(start: base, count: count))
    }

    /// Forgets what was written.
    func clear() { count = 0 }

    /// Lends what was written.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        body(UnsafeRawBufferPointer(start: base, count: count))
    }

    // MARK: Pieces, for which room was made

    @inline(__always)
    func put(_ byte: UInt8) {
        base[count] = byte
        count &+= 1
    }

    @inline(__always)
    func put(_ literal: StaticString) {
        (base + count).update(from: literal.utf8Start, count: literal.utf8CodeUnitCount)
        count &+= literal.utf8CodeUnitCount
    }

    @inline(__always)
    func put(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        UnsafeMutableRawPointer(base + count).copyMemory(from: start, byteCount: bytes.count)
        count &+= bytes.count
    }

    func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put($0) } }

    /// Decimal digits of a number that is not negative.
    @inline(__always)
    func put(decimal value: Int64) {
        var rest = value.magnitude
        if value < 0 { put(UInt8(ascii: "-")) }
        var digits = 1
        var bound: UInt64 = 10
        while digits < 19, rest >= bound {
            digits &+= 1
            bound &*= 10
        }
        var place = count &+ digits
        count = place
        for _ in 0..<digits {
            place &-= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            base[place] = 0x30 &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
    }

    /// Exactly six decimal digits.
    @inline(__always)
    func put(sixDigits value: Int64) {
        var rest = value
        for place in stride(from: count &+ 5, through: count, by: -1) {
            base[place] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count &+= 6
    }

    /// Two lower-case digits a byte.
    @inline(__always)
    func put(hex bytes: UnsafeRawBufferPointer) {
        let pairs = Self.hexPairs
        var place = base + count
        for byte in bytes {
            let pair = pairs[Int(byte)]
            place[0] = UInt8(truncatingIfNeeded: pair >> 8)
            place[1] = UInt8(truncatingIfNeeded: pair)
            place += 2
        }
        count &+= bytes.count &* 2
    }

    /// The canonical form of a UUID.
    @inline(__always)
    func put(uuid high: UInt64, _ low: UInt64) {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bytes in
            put(hex: UnsafeRawBufferPointer(rebasing: bytes[0..<4]))
            put(UInt8(ascii: "-"))
            put(hex: UnsafeRawBufferPointer(rebasing: bytes[4..<6]))
            put(UInt8(ascii: "-"))
            put(hex: UnsafeRawBufferPointer(rebasing: bytes[6..<8]))
            put(UInt8(ascii: "-"))
            put(hex: UnsafeRawBufferPointer(rebasing: bytes[8..<10]))
            put(UInt8(ascii: "-"))
            put(hex: UnsafeRawBufferPointer(rebasing: bytes[10..<16]))
        }
    }

    /// Standard base64 with padding, twelve bits at a time.
    func put(base64 bytes: UnsafeRawBufferPointer) {
        let pairs = Self.base64Pairs
        var place = base + count
        var index = 0
        while index &+ 3 <= bytes.count {
            let group = Int(bytes[index]) << 16 | Int(bytes[index &+ 1]) << 8 | Int(bytes[index &+ 2])
            let (first, second) = (pairs[group >> 12], pairs[group & 0xFFF])
            place[0] = UInt8(truncatingIfNeeded: first >> 8)
            place[1] = UInt8(truncatingIfNeeded: first)
            place[2] = UInt8(truncatingIfNeeded: second >> 8)
            place[3] = UInt8(truncatingIfNeeded: second)
            place += 4
            index &+= 3
        }
        if index < bytes.count {
            let isPair = index &+ 1 < bytes.count
            let group = Int(bytes[index]) << 16 | (isPair ? Int(bytes[index &+ 1]) << 8 : 0)
            let (first, second) = (pairs[group >> 12], pairs[group & 0xFFF])
            place[0] = UInt8(truncatingIfNeeded: first >> 8)
            place[1] = UInt8(truncatingIfNeeded: first)
            place[2] = isPair ? UInt8(truncatingIfNeeded: second >> 8) : UInt8(ascii: "=")
            place[3] = UInt8(ascii: "=")
        }
        count &+= (bytes.count &+ 2) / 3 &* 4
    }

    /// The inside of a JSON string (RFC 8785, 3.2.2.2): six bytes at most for one of the text.
    @inline(__always)
    func put(escaped text: UnsafeRawBufferPointer) {
        for byte in text {
            if byte >= 0x20, byte != 0x22, byte != 0x5C {
                base[count] = byte
                count &+= 1
                continue
            }
            put(UInt8(ascii: "\\"))
            switch byte {
            case 0x22, 0x5C: put(byte)
            case 0x08: put(UInt8(ascii: "b"))
            case 0x09: put(UInt8(ascii: "t"))
            case 0x0A: put(UInt8(ascii: "n"))
            case 0x0C: put(UInt8(ascii: "f"))
            case 0x0D: put(UInt8(ascii: "r"))
            default:
                put("u00")
                withUnsafeBytes(of: byte) { put(hex: $0) }
            }
        }
    }

    private static let hexPairs: [UInt16] = {
        let digits = Array("0123456789abcdef".utf8)
        return (0..<256).map { UInt16(digits[$0 >> 4]) << 8 | UInt16(digits[$0 & 15]) }
    }()

    private static let base64Pairs: [UInt16] = {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return (0..<4096).map { UInt16(digits[$0 >> 6]) << 8 | UInt16(digits[$0 & 63]) }
    }()
}
