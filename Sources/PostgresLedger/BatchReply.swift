import AccountDomain
import PostgresClient

/// The answer of `ledger.append_batch`: the head it found, and a letter for each command.
struct BatchReply {
    enum Outcome {
        case accepted
        case appliedEarlier
        case versionConflict
        /// The 1-based number of the claim among all of the batch.
        case valueTaken(claim: Int)
        case quotaExhausted
    }

    /// The log's head before the batch.
    let head: Int64
    /// The time of its events.
    let recordedAt: Moment
    /// Whether the commit was reported with a warning that it may not survive a failover.
    let isDurabilityUnknown: Bool
    private let letters: [UInt8]?
    private let refusedAt: [Int32]

    init(_ rows: PostgresRows, commands: Int) throws(PostgresError) {
        head = try rows.int64(0, 0)
        recordedAt = try rows.moment(0, 1)
        letters = rows.isNull(0, 3) ? nil : try rows.charArray(0, 3)
        refusedAt = rows.isNull(0, 4) ? [] : try rows.int32Array(0, 4)
        isDurabilityUnknown = rows.warnings.contains { $0.hasPrefix("01") }
    }

    /// What became of the command at an index.
    func outcome(of index: Int) -> Outcome {
        guard let letters else { return .accepted }
        switch letters[index] {
        case UInt8(ascii: "a"): return .accepted
        case UInt8(ascii: "d"): return .appliedEarlier
        case UInt8(ascii: "u"): return .valueTaken(claim: Int(refusedAt[index]))
        case UInt8(ascii: "q"): return .quotaExhausted
        default: return .versionConflict
        }
    }

    /// The claim of a command that a number among all claims of the batch stands for.
    func claimIndex(_ claim: Int, in batch: [PreparedCommand], of index: Int) -> Int {
        claim - 1 - batch[..<index].reduce(0) { $0 + $1.claims.count }
    }
}
