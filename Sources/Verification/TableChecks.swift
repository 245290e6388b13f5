import AccountDomain
import PostgresClient
import PostgresLedger

/// Checks of tables beside the log, by themselves or against what the events add up to.
struct TableChecks {
    private let run: VerificationRun

    init(_ run: VerificationRun) { self.run = run }

    /// Keys: one for each stream, destroyed only where something was erased.
    func checkKeys(
        on connection: PostgresConnection, _ streams: Int64?, into findings: inout [Finding]
    ) throws {
        var parameters = PostgresParameters()
        parameters.append(run.log)
        let unfounded = try connection.query(Self.findUnfoundedEnds, parameters)
        for row in 0..<unfounded.count {
            findings.append(
                Finding(
                    .key, stream: try unfounded.id(row, 0), "its key is destroyed, but nothing was erased in it"))
        }
        // As many keys as streams is what a sound log has; which ones differ costs a join of both.
        guard let streams, try connection.query(Self.countStreams, parameters).int64(0, 0) != streams else { return }
        let odd = try connection.query(Self.findUnkeyedStreams, parameters)
        for row in 0..<odd.count {
            let isKey = odd.isNull(row, 1)
            findings.append(
                Finding(
                    .key, position: isKey ? nil : try odd.int64(row, 1), stream: try odd.id(row, 0),
                    isKey ? "a key of a stream without events" : "its key's row is missing"))
        }
    }

    /// Quotas: what the events add up to.
    func checkQuotas(
        _ tally: QuotaTally, on connection: PostgresConnection, into findings: inout [Finding]
    ) throws {
        var parameters = PostgresParameters()
        parameters.append(run.log)
        let rows = try connection.query(Self.findQuotas, parameters)
        var missing = Set(tally.rules.keys)
        for row in 0..<rows.count {
            let owner: StreamID = try rows.id(row, 0)
            missing.remove(owner)
            guard let rules = tally.rules[owner] else {
                findings.append(Finding(.quota, stream: owner, "a counter of no Space"))
                continue
            }
            let used = try Int(rows.int32(row, 1))
            let counted = tally.used[owner] ?? 0
            if used != counted {
                findings.append(
                    Finding(.quota, stream: owner, "\(used) places are counted, but events took \(counted)"))
            }
            let maximum = rows.isNull(row, 2) ? nil : try rows.int32(row, 2)
            if maximum != rules.maximum {
                findings.append(Finding(.quota, stream: owner, "its limit is not the one that was set last"))
            }
        }
        for owner in missing.sorted() { findings.append(Finding(.quota, stream: owner, "its counter is missing")) }
    }

    private static let findUnfoundedEnds = PostgresStatement(
        Statement.findUnfoundedEnds, parameterTypes: [.int2], isReadOnly: true)
    private static let findUnkeyedStreams = PostgresStatement(
        Statement.findUnkeyedStreams, parameterTypes: [.int2], isReadOnly: true)
    private static let countStreams = PostgresStatement(
        Statement.countStreams, parameterTypes: [.int2], isReadOnly: true)
    private static let findQuotas = PostgresStatement(
        Statement.findQuotas, parameterTypes: [.int2], isReadOnly: true)
}
