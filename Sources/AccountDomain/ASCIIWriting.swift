extension UInt64 {
    /// The lower-case hex digit of the four bits that begin at `shift`.
    func hexDigit(at shift: UInt64) -> UInt8 {
        let nibble = UInt8(truncatingIfNeeded: self >> shift) & 15
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}

extension [UInt8] {
    /// Makes room for `count` more bytes, doubling, so that many small appends stay cheap.
    mutating func reserveAdditional(_ count: Int) {
        let needed = self.count + count
        if capacity < needed { reserveCapacity(Swift.max(needed, capacity * 2)) }
    }
}
