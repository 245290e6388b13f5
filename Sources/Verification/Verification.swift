import AccountDomain
import PostgresClient
import PostgresLedger
import Synchronization
import Transparency

/// Proves that a log is what it was: recomputes from the stored rows all that was computed, counted, chained and signed.
///
/// All sessions see one snapshot, so it runs beside a serving system. Memory stays within a budget whatever the log's
/// size: events pass by, streams are followed in one flat table, in several passes when they are too many.
public struct Verification: Sendable {
    private let configuration: VerificationConfiguration

    /// A verification that has not begun.
    public init(_ configuration: VerificationConfiguration) { self.configuration = configuration }

    /// Runs it; blocks.
    ///
    /// - Throws: ``VerificationFailure`` when there is nothing to verify, `PostgresError` when the database fails.
    ///   What is wrong with the log is no error but part of the report.
    public func run() throws -> VerificationReport {
        let begin = ContinuousClock.now
        let connection = try PostgresConnection(configuration.readingSession)
        defer { connection.close() }
        try connection.execute(script: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        var report = VerificationReport()
        let (run, snapshot) = try overview(on: connection, &report)
        let readers = SnapshotReaders(configuration: configuration, snapshot: snapshot)
        let streams = try numberOfStreams(run, on: connection)
        let keys = try unlockedKeys(run, streams, readers)
        let total = try readEvents(run, streams, keys?.table, readers, on: connection, &report)
        try checkTables(run, keys, total, readers, on: connection, &report)
        report.findings.sort(by: Finding.precedes)
        report.seconds = seconds(since: begin)
        return report
    }

    private func seconds(since begin: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (ContinuousClock.now - begin).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    // MARK: - What it is about

    private func overview(
        on connection: PostgresConnection, _ report: inout VerificationReport
    ) throws -> (VerificationRun, snapshot: String) {
        var parameters = PostgresParameters()
        parameters.append(configuration.log)
        let rows = try connection.query(Self.overview, parameters)
        guard rows.count > 0 else { throw VerificationFailure.noLog }
        report.origin = try rows.string(0, 0)
        report.head = try rows.int64(0, 1)
        let judge = CheckpointJudge(
            origin: report.origin, verifiers: configuration.verifier.map { [$0] + configuration.formerVerifiers } ?? [])
        if configuration.verifier == nil {
            report.omissions.append("signatures of checkpoints: there is no key to check them with")
        }
        var newest: Int64 = 0
        let checkpoints = try connection.query(Self.findNewestCheckpoint, parameters)
        if checkpoints.count > 0 {
            let size = try checkpoints.int64(0, 0)
            let verdict = judge.judge(
                size: size, root: try checkpoints.bytes(0, 1), note: try checkpoints.string(0, 2))
            if case .success = verdict { newest = size }
            // Those up to the head are looked at with their rows.
            if size > report.head { report.findings.append(Self.beyond(size, report.head, verdict)) }
        }
        let tiled = try rows.int64(0, 2)
        if tiled > report.head, newest <= report.head {
            report.findings.append(
                Finding(
                    .missing, position: report.head + 1, "the log ends here, but was sealed up to position \(tiled)"))
        }
        let run = VerificationRun(
            log: configuration.log, origin: report.origin, head: report.head, sealedSize: max(newest, tiled),
            saved: try saved(judge, head: report.head, &report), judge: judge, readsKeys: try rows.bool(0, 3))
        if !run.readsKeys { report.omissions.append("keys: this user may not read them") }
        return (run, try rows.string(0, 5))
    }

    private static func beyond(
        _ size: Int64, _ head: Int64, _ verdict: Result<Checkpoint, CheckpointJudge.Refusal>
    ) -> Finding {
        switch verdict {
        case .success:
            Finding(
                .missing, position: head + 1, "the log ends here, but a checkpoint was signed for size \(size)")
        case .failure(let refusal):
            Finding(.checkpoint, position: size, "the checkpoint of size \(size) \(refusal.reason)")
        }
    }

    private func saved(
        _ judge: CheckpointJudge, head: Int64, _ report: inout VerificationReport
    ) throws -> [SignedSize] {
        var saved: [SignedSize] = []
        for (name, note) in configuration.saved {
            switch judge.judge(note) {
            case .failure(let refusal): throw VerificationFailure.unusableCheckpoint(name: name, reason: refusal.reason)
            case .success(let checkpoint):
                if checkpoint.size > head {
                    report.findings.append(
                        Finding(
                            .rollback, position: head + 1,
                            "the log ends here, but \(name) has size \(checkpoint.size): the end was lost"))
                } else if checkpoint.size > 0 {
                    saved.append(SignedSize(checkpoint: checkpoint, source: name, isSaved: true))
                }
            }
        }
        return saved
    }

    // MARK: - Events

    /// The secrets, with as many of the streams' keys opened as there is room for; nil without secrets.
    private func unlockedKeys(
        _ run: VerificationRun, _ streams: Int?, _ readers: SnapshotReaders
    ) throws -> UnlockedKeys? {
        guard let given = configuration.keys else { return nil }
        let secrets = try configuration.freshKeys?() ?? given
        let lanes = StreamLanes(events: run.head)
        guard let streams else { return UnlockedKeys(secrets: secrets, table: nil, lanes: lanes) }
        let capacity = min(streams, configuration.maximumKeys)
        let table = try KeyTable.read(run, secrets.keyring, lanes, capacity: capacity, readers)
        return UnlockedKeys(secrets: secrets, table: table, lanes: lanes)
    }

    /// Returns what all events came to, when the run began at the first and none stopped it.
    private func readEvents(
        _ run: VerificationRun, _ streams: Int?, _ keys: KeyTable?, _ readers: SnapshotReaders,
        on connection: PostgresConnection, _ report: inout VerificationReport
    ) throws -> ChunkMerger.Total? {
        let chunks = (run.head + Chunk.size - 1) / Chunk.size
        let first = min(max(configuration.from - 1, 0) / Chunk.size, max(chunks - 1, 0))
        report.from = first * Chunk.size + 1
        let passes = numberOfPasses(streams ?? 0)
        let (tree, upper) = try edge(run, before: first, on: connection)
        let merger = ChunkMerger(
            run, firstChunk: first, tree: tree, upper: upper, slots: configuration.maximumSlots, passes: passes)
        let next = Counter(first)
        let configuration = configuration
        try readers.run(atMost: Int(chunks - first), name: "verify") { connection in
            let scan = ChunkScan(run, keys, on: connection)
            while !merger.isStopped {
                let index = next.take()
                guard index < chunks else { break }
                try merger.add(scan.scan(index), on: connection)
                configuration.progress?(merger.events, run.head - first * Chunk.size)
            }
        }
        let total = merger.total
        report.findings += total.findings
        report.isCutShort = total.isStopped
        report.events = total.events
        report.checkpoints = total.checkpoints
        report.sealedSize = total.signedTo
        report.blobs = total.blobs
        report.boxes = total.boxes
        guard !total.isStopped else { return nil }
        report.findings += total.shutBoxes.values
        report.root = total.tree.root.base64
        var streams = total.newStreams
        for number in 1..<max(passes, 1) {
            let pass = VersionPass(
                run: run, from: report.from, number: number, passes: passes, slots: configuration.maximumSlots)
            let (begun, findings) = try pass.check(on: connection)
            streams += begun
            report.findings += findings
        }
        if first == 0 { report.streams = streams }
        return first == 0 ? total : nil
    }

    /// How many streams have a key; nil when this user may not look at keys.
    private func numberOfStreams(_ run: VerificationRun, on connection: PostgresConnection) throws -> Int? {
        guard run.readsKeys else { return nil }
        var parameters = PostgresParameters()
        parameters.append(run.log)
        return try Int(connection.query(Self.countStreams, parameters).int64(0, 0))
    }

    /// How often the streams' versions are gone through, so that each time the table has room for its share.
    private func numberOfPasses(_ streams: Int) -> UInt64 {
        // A tenth more, since shares are even only on average.
        UInt64(streams * 11 / 10 / StreamTable.capacity(slots: configuration.maximumSlots)) + 1
    }

    /// The tree of the chunks before `first`, from the roots of stored tiles; a checkpoint vouches for it later.
    private func edge(
        _ run: VerificationRun, before first: Int64, on connection: PostgresConnection
    ) throws -> (MerkleFrontier, upper: [[TreeHash]]) {
        var tree = MerkleFrontier()
        var upper: [[TreeHash]] = []
        guard first > 0 else { return (tree, upper) }
        let rows = try connection.query(TileQuery.roots, TileQuery.parameters(run.log, 1, 0, first))
        guard rows.count == Int(first) else {
            throw VerificationFailure.unusableCheckpoint(
                name: "the part of the log before --from", reason: "is not sealed; begin at the first event")
        }
        for row in 0..<rows.count {
            guard var root = TreeHash(bytes: try rows.bytes(row, 1)) else { continue }
            tree.append(subtree: root, level: Chunk.level)
            for place in 0... {
                if upper.count == place { upper.append([]) }
                upper[place].append(root)
                guard upper[place].count == HashTile.width,
                    let tile = HashTile(level: place + 2, index: 0, hashes: upper[place])
                else { break }
                upper[place] = []
                root = tile.root
            }
        }
        return (tree, upper)
    }

    // MARK: - Other tables

    private func checkTables(
        _ run: VerificationRun, _ keys: UnlockedKeys?, _ total: ChunkMerger.Total?, _ readers: SnapshotReaders,
        on connection: PostgresConnection, _ report: inout VerificationReport
    ) throws {
        let blobs = BlobCheck(run)
        try blobs.hashAll(on: connection, into: &report.findings)
        let tables = TableChecks(run)
        if run.readsKeys { try tables.checkKeys(on: connection, report.streams, into: &report.findings) }
        guard let total else {
            report.omissions.append(
                report.isCutShort
                    ? "quotas and reservations: what is wrong with the events comes first"
                    : "quotas and reservations: they follow from the whole log")
            return
        }
        try tables.checkQuotas(total.tally, on: connection, into: &report.findings)
        guard let keys else {
            report.omissions.append("boxes and reservations: there are no keys to look at them with")
            return
        }
        try audit(run, keys, total, readers, &report)
    }

    /// Every stream by itself, lane by lane.
    private func audit(
        _ run: VerificationRun, _ keys: UnlockedKeys, _ total: ChunkMerger.Total, _ readers: SnapshotReaders,
        _ report: inout VerificationReport
    ) throws {
        // With all keys at hand only few events are left, which the database can sort in fewer lanes.
        let isWhole = keys.table?.lanes == keys.lanes.count
        let lanes = isWhole ? StreamLanes(events: total.audited) : keys.lanes
        let passed = isWhole ? lanes.count : keys.table?.lanes ?? 0
        let next = Counter(0)
        let outcome = Outcome()
        let configuration = configuration
        try readers.run(name: "audit") { connection in
            while true {
                let lane = next.take()
                guard lane < lanes.count else { break }
                var audit = StreamAudit(
                    run, keys.secrets, rules: total.tally.rules, opened: lane < passed ? keys.table : nil)
                try audit.check(lanes[lane], on: connection)
                outcome.add(audit.boxes, audit.findings)
                configuration.progress?((lane + 1) * run.head / lanes.count, run.head)
            }
        }
        outcome.add(to: &report)
    }

    private static let overview = PostgresStatement(
        Statement.overview, parameterTypes: [.int2], isReadOnly: true)
    private static let findNewestCheckpoint = PostgresStatement(
        Statement.findNewestCheckpoint, parameterTypes: [.int2], isReadOnly: true)
    private static let countStreams = PostgresStatement(
        Statement.countStreams, parameterTypes: [.int2], isReadOnly: true)
}

/// What the lanes came to.
private final class Outcome: Sendable {
    private let contents = Mutex<(boxes: Int64, findings: [Finding])>((0, []))

    func add(_ boxes: Int64, _ findings: [Finding]) {
        contents.withLock { contents in
            contents.boxes += boxes
            contents.findings += findings.prefix(1_000)
        }
    }

    func add(to report: inout VerificationReport) {
        contents.withLock { contents in
            report.boxes += contents.boxes
            report.findings += contents.findings
        }
    }
}
