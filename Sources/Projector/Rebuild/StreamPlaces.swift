import AccountDomain

/// Where each stream of a range stands, by its id.
///
/// An open table of eight bytes a stream, since every event of the log is looked up in it: ids are drawn at random or
/// derived by a keyed hash, so they need no hashing, and a table three times smaller than a dictionary stays in the
/// processor's cache.
struct StreamPlaces {
    /// The upper half of the mixed id, and the place counted from 1 in the lower; 0 where there is none.
    private var slots: [UInt64]
    private var count = 0

    init() { slots = Array(repeating: 0, count: 1 << 10) }

    /// The place of a stream; `isThere` tells whether it is the one that stands at a place.
    func find(_ stream: StreamID, isThere: (Int) -> Bool) -> Int? {
        let mixed = Self.mix(stream)
        var index = Int(truncatingIfNeeded: mixed) & (slots.count - 1)
        while slots[index] != 0 {
            let slot = slots[index]
            if (slot ^ mixed) >> 32 == 0 {
                let place = Int(slot & 0xFFFF_FFFF) - 1
                if isThere(place) { return place }
            }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Notes the place of a stream that has none; `stream` tells which one stands at a place, for the table grows.
    mutating func insert(_ new: StreamID, at place: Int, stream: (Int) -> StreamID) {
        precondition(place < 0xFFFF_FFFF, "more streams than memory holds")
        if count * 2 >= slots.count {
            let old = slots
            slots = Array(repeating: 0, count: old.count * 2)
            for slot in old where slot != 0 { put(Self.mix(stream(Int(slot & 0xFFFF_FFFF) - 1)), slot & 0xFFFF_FFFF) }
        }
        put(Self.mix(new), UInt64(place + 1))
        count += 1
    }

    private mutating func put(_ mixed: UInt64, _ place: UInt64) {
        var index = Int(truncatingIfNeeded: mixed) & (slots.count - 1)
        while slots[index] != 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = mixed & ~0xFFFF_FFFF | place
    }

    /// Spreads what differs in ids that were not drawn, too.
    private static func mix(_ stream: StreamID) -> UInt64 {
        let product = (stream.high ^ stream.low).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
