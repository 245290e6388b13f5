import AccountDomain
import PostgresClient
import PostgresLedger
import Synchronization
import Transparency

/// Puts the chunks together in their order: one tree, one row of times, one table of streams.
final class ChunkMerger: Sendable {
    /// What the chunks came to.
    struct Total {
        var tree: MerkleFrontier
        var lastTime = Int64.min
        var events: Int64 = 0
        var newStreams: Int64 = 0
        var blobs = 0
        var boxes: Int64 = 0
        /// How many events are left to be opened with their streams.
        var audited: Int64 = 0
        /// Boxes that do not open, each stream's first.
        var shutBoxes: [StreamID: Finding] = [:]
        var tally = QuotaTally()
        var checkpoints = 0
        /// The largest checkpoint that fits.
        var signedTo: Int64 = 0
        /// The last position that a tile or a checkpoint vouches for.
        var vouchedTo: Int64
        var findings: [Finding] = []
        /// The chunk that ended the run: nothing behind it can be judged.
        var isStopped = false
    }

    private struct State {
        var next: Int64
        var waiting: [Int64: ChunkResult] = [:]
        var total: Total
        var streams: StreamTable
        /// Roots of the tiles below the one of level 2 that is being filled, and so on upwards.
        var upper: [[TreeHash]]
    }

    private let run: VerificationRun
    private let firstChunk: Int64
    private let passes: UInt64
    private let state: Mutex<State>

    /// A merger that begins with a chunk.
    ///
    /// - Parameters:
    ///   - run: what the run is about.
    ///   - firstChunk: the chunk to begin with.
    ///   - tree: the tree of all chunks before it.
    ///   - upper: the roots that the unfinished tiles above level 1 hold so far.
    ///   - slots: how many slots the table of streams may have.
    ///   - passes: how many passes share the streams; this is the first.
    init(
        _ run: VerificationRun, firstChunk: Int64, tree: MerkleFrontier, upper: [[TreeHash]], slots: Int, passes: UInt64
    ) {
        self.run = run
        self.firstChunk = firstChunk
        self.passes = passes
        state = Mutex(
            State(
                next: firstChunk, total: Total(tree: tree, vouchedTo: tree.size),
                streams: StreamTable(maximumSlots: slots), upper: upper))
    }

    /// What everything came to; asked when all chunks are in.
    var total: Total { state.withLock { $0.total } }

    var isStopped: Bool { state.withLock { $0.total.isStopped } }

    /// How many chunks wait for one before them.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// How many events were merged.
    var events: Int64 { state.withLock { $0.total.events } }

    /// Takes a chunk's result, and merges what is next in order.
    func add(_ result: ChunkResult, on connection: PostgresConnection) throws {
        try state.withLock { state in
            state.waiting[result.index] = result
            while !state.total.isStopped, let result = state.waiting.removeValue(forKey: state.next) {
                state.next += 1
                try merge(result, into: &state, on: connection)
            }
        }
    }

    private func merge(_ result: ChunkResult, into state: inout State, on connection: PostgresConnection) throws {
        let positions = Chunk.positions(result.index)
        var findings = result.findings
        if result.tree.size > 0 {
            if result.firstTime < state.total.lastTime {
                findings.append(
                    Finding(
                        .time, position: positions.lowerBound, "its time lies before that of the event in front"))
            }
            state.total.lastTime = result.lastTime
        }
        try follow(result, &state, &findings, on: connection)
        compare(result, &state, &findings)
        state.total.events += result.tree.size
        state.total.blobs += result.blobs
        state.total.boxes += result.boxes
        state.total.audited += result.audited
        for finding in result.shutBoxes where state.total.shutBoxes.count < 1_000 {
            guard let stream = finding.stream, state.total.shutBoxes[stream] == nil else { continue }
            state.total.shutBoxes[stream] = finding
        }
        state.total.tally.add(result.tally)
        state.total.vouchedTo = max(state.total.vouchedTo, result.tiledTo)
        findings.sort(by: Finding.precedes)
        state.total.findings += findings
        if result.tree.size == Chunk.size {
            guard let root = result.tree.peaks.first else { return }
            state.total.tree.append(subtree: root, level: Chunk.level)
            try fill(root, &state, on: connection)
        } else {
            // The last chunk, or one with a hole, behind which no event is at its place.
            state.total.tree = Self.join(state.total.tree, result.tree)
            let isLast = state.total.tree.size == run.head
            state.total.isStopped = !isLast
        }
        // Whatever stands behind a wrong row is judged by what stands before it.
        if !findings.isEmpty { state.total.isStopped = true }
    }

    /// The tree over all before and a chunk, of which both edges are known.
    private static func join(_ left: MerkleFrontier, _ right: MerkleFrontier) -> MerkleFrontier {
        // The chunk begins at a multiple of its own full size, so its peaks are the whole tree's last ones.
        MerkleFrontier(size: left.size + right.size, peaks: left.peaks + right.peaks) ?? left
    }

    private func follow(
        _ result: ChunkResult, _ state: inout State, _ findings: inout [Finding], on connection: PostgresConnection
    ) throws {
        var unknown: [StreamSpan] = []
        for span in result.streams {
            guard passes == 1 || StreamTable.hash(span.high, span.low) % passes == 0 else { continue }
            let last = state.streams.value(span.high, span.low)
            if last == 0 {
                if span.first == 1 {
                    state.total.newStreams += 1
                } else if firstChunk > 0, span.first > 1 {
                    unknown.append(span)
                } else {
                    findings.append(span.finding(after: 0))
                }
            } else if span.first != last &+ 1 {
                findings.append(span.finding(after: last))
            }
            guard state.streams.set(span.high, span.low, max(span.last, 1)) else {
                throw VerificationFailure.tooManyStreams
            }
        }
        // Streams that began before the run did: the row in front is looked up.
        for start in stride(from: 0, to: unknown.count, by: 8_192) {
            let page = unknown[start..<min(start + 8_192, unknown.count)]
            var parameters = PostgresParameters()
            parameters.append(run.log)
            parameters.append(array: page.map { ($0.high, $0.low) })
            parameters.append(array: page.map(\.first))
            parameters.append(Chunk.positions(result.index).lowerBound)
            parameters.append(array: page.map(\.position))
            let rows = try connection.query(Self.findOrphans, parameters)
            for row in 0..<rows.count {
                findings.append(
                    Finding(
                        .version, position: try rows.int64(row, 1), stream: try rows.id(row, 0),
                        "version \(try rows.int32(row, 2)) comes without the one before"))
            }
        }
    }

    /// Roots of checkpoints: those of the chunks before, and of this one up to the checkpoint's size.
    private func compare(_ result: ChunkResult, _ state: inout State, _ findings: inout [Finding]) {
        var vouchedTo = max(state.total.vouchedTo, result.tiledTo)
        // A tile names the wrong row exactly; checkpoints behind it then say nothing new.
        let wrong = findings.first { $0.kind == .leaf }?.position ?? .max
        for signed in result.checkpoints {
            let size = signed.checkpoint.size
            let root = Self.join(state.total.tree, signed.tree).root
            guard root != signed.checkpoint.root else {
                state.total.checkpoints += 1
                if !signed.isSaved { state.total.signedTo = max(state.total.signedTo, size) }
                vouchedTo = max(vouchedTo, size)
                continue
            }
            if signed.isSaved {
                findings.append(
                    Finding(
                        .rollback, position: min(vouchedTo + 1, size, wrong),
                        "\(signed.source), of size \(size), is no beginning of this log: its history is another one"
                            + (signed.checkpoint.origin == run.origin
                                ? "" : " (\(signed.checkpoint.origin), which was given up)")))
            } else if wrong > size {
                let first = min(vouchedTo + 1, size)
                let place = first == size ? "the row is" : "one of the rows from here to position \(size) is"
                findings.append(
                    Finding(.leaf, position: first, "\(place) not what the checkpoint of size \(size) was signed for"))
                // The same rows stand below every larger checkpoint.
                vouchedTo = size
            }
        }
        state.total.vouchedTo = vouchedTo
    }

    /// Tiles of level 2 and more, each complete when 256 of the level below are.
    private func fill(_ root: TreeHash, _ state: inout State, on connection: PostgresConnection) throws {
        var root = root
        for place in 0... {
            if state.upper.count == place { state.upper.append([]) }
            state.upper[place].append(root)
            guard state.upper[place].count == HashTile.width else { return }
            let roots = state.upper[place]
            state.upper[place] = []
            let level = place + 2
            let index = (state.next - 1) >> Int64(HashTile.height * (place + 1))
            try UpperTiles(run).check(
                level: Int16(level), index: index, roots, on: connection, into: &state.total.findings)
            guard let tile = HashTile(level: level, index: index, hashes: roots) else { return }
            root = tile.root
        }
    }

    private static let findOrphans = PostgresStatement(
        Statement.findOrphans, parameterTypes: [.int2, .uuidArray, .int4Array, .int8, .int8Array], isReadOnly: true)
}

extension StreamSpan {
    func finding(after last: Int32) -> Finding {
        Finding(
            .version, position: position, stream: stream,
            last == 0 ? "the stream begins with version \(first)" : "version \(first) comes after version \(last)")
    }
}

/// Why a run could not come to an end.
public enum VerificationFailure: Error, Sendable, CustomStringConvertible {
    /// The database holds no log.
    case noLog
    /// More streams than keys: the table of streams has no room.
    case tooManyStreams
    /// The checkpoint that was given is no checkpoint, or nobody's that is known.
    case unusableCheckpoint(name: String, reason: String)

    /// The sentence for the operator.
    public var description: String {
        switch self {
        case .noLog: "the database holds no log"
        case .tooManyStreams: "the log has more streams than keys, and more than the memory given has room for"
        case .unusableCheckpoint(let name, let reason): "\(name) \(reason)"
        }
    }
}
