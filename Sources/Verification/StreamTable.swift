/// A number for each of many streams, in as little memory as will do: one flat array, no allocation for an entry.
struct StreamTable {
    private struct Slot {
        var high: UInt64 = 0
        var low: UInt64 = 0
        /// 0 for an empty slot.
        var value: Int32 = 0
    }

    /// What one slot takes.
    static let bytesPerSlot = MemoryLayout<Slot>.stride

    private var slots: [Slot]
    private let maximumSlots: Int
    /// How many streams are in it.
    private(set) var count = 0

    /// A table that grows up to so many slots, a power of two.
    init(slots: Int = 1 << 12, maximumSlots: Int) {
        self.slots = [Slot](repeating: Slot(), count: min(slots, maximumSlots))
        self.maximumSlots = maximumSlots
    }

    /// How many streams fit in.
    static func capacity(slots: Int) -> Int { slots / 4 * 3 }

    /// Forgets all streams and keeps the memory.
    mutating func removeAll() {
        for index in slots.indices { slots[index].value = 0 }
        count = 0
    }

    /// The number of a stream; 0 when it has none.
    func value(_ high: UInt64, _ low: UInt64) -> Int32 { slots[place(high, low)].value }

    /// Gives a stream a number other than 0; false when there is no room for another stream.
    mutating func set(_ high: UInt64, _ low: UInt64, _ value: Int32) -> Bool {
        var place = place(high, low)
        if slots[place].value == 0 {
            if count >= Self.capacity(slots: slots.count) {
                guard slots.count < maximumSlots else { return false }
                grow()
                place = self.place(high, low)
            }
            count += 1
        }
        slots[place] = Slot(high: high, low: low, value: value)
        return true
    }

    private func place(_ high: UInt64, _ low: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: Self.hash(high, low) >> 20) & mask
        while slots[place].value != 0, slots[place].low != low || slots[place].high != high {
            place = (place + 1) & mask
        }
        return place
    }

    /// Most ids are random, but those derived by others need not be.
    static func hash(_ high: UInt64, _ low: UInt64) -> UInt64 {
        (low ^ (high &* 0x9E37_79B9_7F4A_7C15)) &* 0xD6E8_FEB8_6659_FD93
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        for slot in old where slot.value != 0 { slots[place(slot.high, slot.low)] = slot }
    }
}
