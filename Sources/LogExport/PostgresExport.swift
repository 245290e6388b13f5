import AccountDomain
import Accounts
import EventCoding
import PostgresClient
import PostgresLedger
import Transparency

/// One export under way: pieces of the log, then what closes it.
///
/// While a piece is made into lines the database reads the one after it. No snapshot is held longer than a piece takes:
/// events never change, and what must belong to one moment is put aside on the server. An actor, for one task after the
/// other asks it.
actor PostgresExport: LogExport {
    /// The sections behind the events, in their order.
    enum Closing: Int, CaseIterable { case epochs, keys, reservations, quotas }

    private enum Phase {
        case start
        case events
        case closing(Closing)
        case checkpoint
        case done
    }

    /// The bytes at which a piece is handed over.
    private static let pieceBytes = 2 << 20
    private static let mostRows: Int64 = 1024
    /// So much the log may have grown meanwhile for the rest to be read before the end is looked for.
    private static let nearHead: Int64 = 20_000
    /// How long a checkpoint that covers the export is waited for: in a log that is sealed, and in one that never was.
    private static let patience = (sealed: Duration.seconds(5), unsealed: Duration.seconds(1))

    private let thread: PostgresThread
    private let log: Int16
    private let start: ExportReading.Start
    private let lines: CloudEventLines
    private var phase = Phase.start
    /// Up to where events are read before the end is decided, or where it is.
    private var target: Int64
    private var isTargetEnd = false
    private var current: (rows: PostgresRows, next: Int)?
    private var upcoming: PostgresRows?
    /// The last position that was asked for.
    private var asked: Int64
    /// The last position that was written.
    private var position: Int64
    private var rowsAtOnce: Int64 = 256
    private var written = [0, 0, 0, 0]

    init(_ thread: PostgresThread, log: Int16, start: ExportReading.Start, after position: Int64) {
        self.thread = thread
        self.log = log
        self.start = start
        self.position = position
        asked = position
        target = start.head
        lines = CloudEventLines(origin: start.header.origin, reservingCapacity: 3 << 20)
    }

    func next() async throws(Failure) -> [UInt8]? {
        do {
            while true {
                switch phase {
                case .start:
                    if position == 0 { append(.header(start.header), number: 1) }
                    phase = .events
                case .events:
                    if let piece = try await eventPiece() { return piece }
                    phase = .closing(.epochs)
                case .closing(let section):
                    if let piece = try await closingPiece(section) { return piece }
                    phase = Closing(rawValue: section.rawValue + 1).map { .closing($0) } ?? .checkpoint
                case .checkpoint:
                    phase = .done
                    append(.closing(try await closing()), number: 1)
                    return lines.take()
                case .done: return nil
                }
            }
        } catch { throw Failure(error) }
    }

    func end() async { await thread.close() }

    // MARK: Events

    /// The next lines of events; nil behind the last one, where nothing is left in the writer but the first line.
    private func eventPiece() async throws -> [UInt8]? {
        while true {
            if current == nil {
                if let rows = upcoming {
                    upcoming = nil
                    current = (rows, 0)
                } else if let range = nextRange() {
                    let log = log
                    current = (try await thread.perform { try ExportReading.events(log, range, on: $0) }, 0)
                } else if try await findEnd() {
                    return nil
                } else {
                    continue
                }
            }
            if upcoming == nil, let range = nextRange() {
                let (thread, log) = (thread, log)
                async let ahead = thread.perform { try ExportReading.events(log, range, on: $0) }
                do { try await write() } catch {
                    _ = try? await ahead
                    throw error
                }
                upcoming = try await ahead
            } else {
                try await write()
            }
            if lines.count >= Self.pieceBytes || (current == nil && upcoming == nil && lines.count > 0) {
                return lines.take()
            }
        }
    }

    private func nextRange() -> ClosedRange<Int64>? {
        guard asked < target else { return nil }
        let range = (asked + 1)...min(target, asked + rowsAtOnce)
        asked = range.upperBound
        return range
    }

    /// Whether the events up to the end are written; else there is more to read now.
    private func findEnd() async throws -> Bool {
        if position != asked { throw missing() }
        if isTargetEnd { return true }
        let log = log
        let head = try await thread.perform { try ExportReading.head(log, on: $0) }
        if head > target + Self.nearHead {
            target = head
        } else {
            target = try await thread.perform { try ExportReading.putAside(log, on: $0) }
            isTargetEnd = true
        }
        return isTargetEnd && asked >= target
    }

    /// Writes rows of the present piece until it is done or enough is written.
    private func write() async throws {
        guard let (rows, first) = current else { return }
        var row = first
        let before = lines.count
        while row < rows.count, lines.count < Self.pieceBytes {
            // Nearly every row is written here; one that names blobs has to wait for them.
            let named = try rows.lendEvent(row) { event -> (StreamID, [UInt8])? in
                guard event.position == position + 1 else { throw missing() }
                if NamedBlobs.mayName(event.data) {
                    return (StreamID(high: event.stream.high, low: event.stream.low), [UInt8](event.data))
                }
                lines.append(event)
                return nil
            }
            if let (stream, data) = named {
                try await writeBlobs(NamedBlobs.find(in: data), of: stream)
                try rows.lendEvent(row) { lines.append($0) }
            }
            position += 1
            row += 1
        }
        if row > first {
            let bytes = max(1, (lines.count - before) / (row - first))
            rowsAtOnce = max(16, min(Self.mostRows, Int64(Self.pieceBytes / bytes)))
        }
        guard row == rows.count else {
            current = (rows, row)
            return
        }
        current = nil
    }

    private func missing() -> Failure { .fault("the log has no event at position \(position + 1)") }

    private func writeBlobs(_ hashes: [[UInt8]], of stream: StreamID) async throws {
        for hash in hashes {
            let log = log
            let body = try await thread.perform { try ExportReading.blob(log, stream, hash, on: $0) }
            // That of an erased person is gone.
            guard let body else { continue }
            append(.blob(ExportRecord.Blob(stream: stream, hash: hash, body: body)), number: 0)
        }
    }

    // MARK: What closes it

    private func closingPiece(_ section: Closing) async throws -> [UInt8]? {
        let records = try await thread.perform { try ExportReading.records(section, on: $0) }
        guard !records.isEmpty else { return nil }
        for record in records {
            written[section.rawValue] += 1
            append(record, number: written[section.rawValue])
        }
        return lines.take()
    }

    private func append(_ record: ExportRecord, number: Int) {
        lines.append(record.line(origin: start.header.origin, number: number))
    }

    private func closing() async throws -> ExportRecord.Closing {
        try await thread.perform { try $0.execute(script: Statement.closeCursors) }
        let checkpoint = try await findCheckpoint()
        return ExportRecord.Closing(
            position: position, epochs: written[0], keys: written[1], reservations: written[2], quotas: written[3],
            note: checkpoint?.note, subtrees: try await subtrees(upTo: checkpoint?.size ?? position))
    }

    /// The first checkpoint that covers the export; the sealer makes one within a second, unless it was stopped.
    private func findCheckpoint() async throws -> (size: Int64, note: String)? {
        guard position > 0 else { return nil }
        let (log, position) = (log, position)
        let isSealed = try await thread.perform { try ExportReading.checkpoint(log, from: 0, on: $0) } != nil
        let deadline = ContinuousClock.now + (isSealed ? Self.patience.sealed : Self.patience.unsealed)
        while true {
            let found = try await thread.perform { try ExportReading.checkpoint(log, from: position, on: $0) }
            if let found { return found }
            guard ContinuousClock.now < deadline else { return nil }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The complete subtrees between the export's last event and the checkpoint's.
    private func subtrees(upTo size: Int64) async throws -> [ExportRecord.Closing.Subtree] {
        var frontier = ExtendingEdge(from: position)
        var read = position
        while read < size {
            let range = (read + 1)...min(size, read + Self.mostRows)
            let log = log
            let rows = try await thread.perform { try ExportReading.events(log, range, on: $0) }
            guard rows.count == range.count else { throw Failure.fault("the log has no event that its checkpoint has") }
            for row in 0..<rows.count {
                try rows.lendEvent(row) { event in
                    if let hash = TreeHash(bytes: event.leafHash) { frontier.append(hash) }
                }
            }
            read = range.upperBound
        }
        return frontier.subtrees.map { .init(hash: $0.hash.bytes, level: $0.level) }
    }
}

/// The complete subtrees of a range of leaves, which grows at its end.
struct ExtendingEdge {
    private var size: Int64
    private let first: Int64
    private(set) var subtrees: [(hash: TreeHash, level: Int)] = []

    init(from size: Int64) {
        self.size = size
        first = size
    }

    mutating func append(_ leaf: TreeHash) {
        subtrees.append((leaf, 0))
        size += 1
        // Two neighbours of one height are one subtree, if it begins at a multiple of its size within the range.
        while subtrees.count > 1, let last = subtrees.last, subtrees[subtrees.count - 2].level == last.level,
            size & ((2 << Int64(last.level)) - 1) == 0
        {
            let hash = TreeHash.node(subtrees[subtrees.count - 2].hash, last.hash)
            subtrees.removeLast(2)
            subtrees.append((hash, last.level + 1))
        }
    }
}
