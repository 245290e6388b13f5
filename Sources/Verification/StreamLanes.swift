import AccountDomain

/// All ids, cut into equal lanes; most ids are random, so that streams spread evenly over them.
struct StreamLanes {
    private let bits: Int

    /// Lanes of about a hundred thousand events each, since the database sorts a lane as a whole.
    init(events: Int64) {
        var bits = 1
        while bits < 12, events >> Int64(bits) > 100_000 { bits += 1 }
        self.bits = bits
    }

    /// How many there are.
    var count: Int64 { 1 << Int64(bits) }

    /// The ids of a lane.
    subscript(lane: Int64) -> ClosedRange<StreamID> {
        let shift = 64 - bits
        let high = UInt64(lane) << shift
        return StreamID(high: high, low: 0)...StreamID(high: high | (1 << shift - 1), low: .max)
    }
}
