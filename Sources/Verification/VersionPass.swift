import AccountDomain
import PostgresClient

/// A further pass over the streams' versions, for streams that the table of the first had no room for.
struct VersionPass {
    let run: VerificationRun
    let from: Int64
    let number: UInt64
    let passes: UInt64
    let slots: Int

    /// Follows this pass's share of the streams.
    ///
    /// - Returns: how many streams begin here, and the first versions that do not follow.
    func check(on connection: PostgresConnection) throws -> (streams: Int64, findings: [Finding]) {
        var streams = StreamTable(maximumSlots: slots)
        var begun: Int64 = 0
        var findings: [Finding] = []
        var isFull = false
        let statement = Statement.copy(
            Statement.copyVersions, ["log": "\(run.log)", "from": "\(from)", "to": "\(run.head)"])
        try connection.copyOut(statement) { row in
            let position = try row.int64()
            let id = try row.uuid()
            let version = try row.int32()
            guard StreamTable.hash(id.high, id.low) % passes == number else { return }
            let last = streams.value(id.high, id.low)
            if last == 0, version == 1 { begun += 1 }
            // What began before the run did is known by the first pass's look at the index.
            let follows = version == last &+ 1 || (last == 0 && from > 1)
            if !follows, findings.count < 100 {
                let span = StreamSpan(high: id.high, low: id.low, first: version, last: version, position: position)
                findings.append(span.finding(after: last))
            }
            if !streams.set(id.high, id.low, max(version, 1)) { isFull = true }
        }
        if isFull { throw VerificationFailure.tooManyStreams }
        return (begun, findings)
    }
}
