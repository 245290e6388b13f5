import AccountDomain

/// A projection with the number of one of its builds, which is the suffix of its tables.
struct ProjectionID: Hashable {
    let name: String
    /// Counts builds; which fold made one stands beside it in `ledger.projections`.
    let version: Int32
}

/// One of the equal parts into which streams fall by the top bits of their ids.
struct Lane: Hashable {
    /// Its number, from 0.
    let number: Int16
    /// How many there are: a power of two, at most 256.
    let count: Int16

    /// The ids of its streams.
    var streams: ClosedRange<StreamID> {
        let bits = count.trailingZeroBitCount
        guard bits > 0 else { return StreamID(high: 0, low: 0)...StreamID(high: .max, low: .max) }
        let first = UInt64(number) << UInt64(64 - bits)
        let last = first | (UInt64.max >> UInt64(bits))
        return StreamID(high: first, low: 0)...StreamID(high: last, low: .max)
    }

    /// Whether streams whose ids begin with this byte are among them.
    func holds(firstByte: Int32) -> Bool { firstByte * Int32(count) / 256 == Int32(number) }
}

/// A lane as the database knows it.
struct LaneCheckpoint {
    let id: ProjectionID
    /// The version of the fold that fills it.
    let fold: Int32
    let lane: Lane
    /// Every event up to here is folded.
    let position: Int64
    /// Whether a parked stream is to be tried again.
    let isRetryDue: Bool
}
