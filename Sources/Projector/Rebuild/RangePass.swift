import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger
import ProjectionKit

/// One thread's way through the log for one range of streams: every event is folded where it stands, so that memory
/// holds a state for each stream and never the log.
///
/// When even the states are too many, the upper half of the range is put down again, and goes its own way later.
final class RangePass<P: Projection> {
    /// What one range came to.
    struct Outcome {
        var rows: Int64 = 0
        var versions: Int64 = 0
        var parked: [(stream: StreamID, poison: PoisonError)] = []
    }

    private static var slice: Int { 2_000 }
    private static var positions: Int64 { 100_000 }

    private let projection: P
    private let log: Int16
    private let keys: StreamKeys
    private let upcasters: Upcasters
    private let ignoredTypes: [String]
    private var entries: [StreamID: RangeEntry] = [:]
    private var states = StateBlocks<P.State>()
    private(set) var range: StreamRange

    init(_ projection: P, range: StreamRange, setup: ProjectorSetup) {
        self.projection = projection
        self.range = range
        log = setup.log
        upcasters = setup.upcasters
        keys = StreamKeys(keyring: setup.keyring, log: setup.log, limit: 1)
        // A type that nobody knows is read: it may be one that ought to be folded.
        ignoredTypes = EventCoding.types.filter { !projection.takes($0) }
    }

    /// Folds the range up to a position.
    ///
    /// - Parameters:
    ///   - head: The last position that goes in.
    ///   - chunkRows: How many rows are read at one time, when they are small.
    ///   - connection: Where.
    ///   - isTight: Whether memory runs short.
    ///   - giveBack: Takes what does not fit.
    ///   - report: Hears how far it is, and may throw to end it.
    /// - Throws: ``RebuildFailure`` when the log has a hole; what the database, the keyring and `report` throw.
    func fold(
        upTo head: Int64, chunkRows: Int32, on connection: PostgresConnection, isTight: () -> Bool,
        giveBack: (StreamRange, StreamRange) -> Void, report: (Double) throws -> Void
    ) throws {
        var position: Int64 = 0
        var size = ReadSize(atMost: chunkRows)
        while position < head {
            let upper = min(head, position + Self.positions)
            let limit = size.rows
            let rows = try read(after: position, upTo: upper, limit, on: connection)
            size.note(rows: rows.count, bytes: rows.memoryBytes)
            let found = try gather(rows, on: connection)
            for row in 0..<found.count { try fold(try rows.wantedEvent(row), found[row]) }
            position = rows.count == Int(limit) ? try rows.int64(rows.count - 1, 0) : upper
            if isTight(), entries.count > 1, let (kept, rest) = range.halves {
                shrink(to: kept)
                giveBack(rest, kept)
            }
            try report(range.share * Double(position) / Double(head))
        }
    }

    private func read(
        after position: Int64, upTo upper: Int64, _ limit: Int32, on connection: PostgresConnection
    ) throws -> PostgresRows {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(position)
        parameters.append(upper)
        parameters.append(range.streams.lowerBound)
        parameters.append(range.streams.upperBound)
        parameters.append(array: ignoredTypes)
        parameters.append(limit)
        return try connection.query(Statement.readRange, parameters)
    }

    /// The entry of each row; streams that appear for the first time get one, with their keys.
    private func gather(_ rows: PostgresRows, on connection: PostgresConnection) throws -> [RangeEntry] {
        var found: [RangeEntry] = []
        found.reserveCapacity(rows.count)
        var new: [RangeEntry] = []
        for row in 0..<rows.count {
            let stream: StreamID = try rows.id(row, 2)
            if let entry = entries[stream] {
                found.append(entry)
                continue
            }
            let entry = RangeEntry(stream, place: states.count)
            states.append(projection.start(stream))
            entries[stream] = entry
            found.append(entry)
            new.append(entry)
        }
        guard !new.isEmpty else { return found }
        try keys.gather(new.lazy.map(\.stream), purged: [], on: connection)
        for entry in new {
            switch keys[entry.stream] {
            case .living(let key, let epoch):
                entry.key = key
                entry.epoch = epoch
            case .destroyed: break
            case .unusable(let reason): entry.reason = reason
            }
        }
        return found
    }

    private func fold(_ stored: StoredEvent, _ entry: RangeEntry) throws {
        guard projection.takes(stored.type), entry.poison == nil else { return }
        if let reason = entry.reason {
            entry.poison = PoisonError(reason, stored)
            return
        }
        let next = entry.version + 1
        guard stored.version == next || (stored.version > next && !projection.foldsWholeStreams) else {
            throw RebuildFailure(
                text: "the log lacks version \(next) of stream \(stored.stream), before position \(stored.position)")
        }
        // Purged since the key was read: the person was erased meanwhile.
        if stored.secret == nil, stored.secretHash != nil { entry.key = nil }
        do throws(EventCodingError) {
            let event = try ProjectedEvent(stored, key: entry.key, upcasters: upcasters)
            do throws(ProjectionFault) {
                try projection.apply(event, to: &states[entry.place])
            } catch {
                entry.poison = PoisonError(error.description, stored)
            }
        } catch {
            entry.poison = PoisonError(error.description, stored)
        }
        entry.version = stored.version
        entry.applied += 1
    }

    private func shrink(to kept: StreamRange) {
        range = kept
        var left = StateBlocks<P.State>()
        entries = entries.filter { $0.key.high <= kept.last }
        for entry in entries.values {
            left.append(states[entry.place])
            entry.place = left.count - 1
        }
        states = left
        MemoryGauge.trim()
    }

    /// Writes the rows of every stream of the range.
    func write(suffix: String, on connection: PostgresConnection) throws -> Outcome {
        var outcome = Outcome()
        let main = BulkLoad(projection.sql.upsert)?.table
        var folded: [FoldedStream<P.State>] = []
        for entry in entries.values where entry.applied > 0 || entry.poison != nil {
            if let poison = entry.poison {
                outcome.parked.append((entry.stream, poison))
                continue
            }
            if entry.key == nil { projection.blank(&states[entry.place], at: entry.version) }
            folded.append(
                FoldedStream(
                    stream: entry.stream, state: states[entry.place], version: entry.version, applied: entry.applied,
                    key: entry.key, epoch: entry.epoch))
            guard folded.count == Self.slice else { continue }
            try write(&folded, main, suffix, &outcome, on: connection)
        }
        try write(&folded, main, suffix, &outcome, on: connection)
        return outcome
    }

    private func write(
        _ folded: inout [FoldedStream<P.State>], _ main: String?, _ suffix: String, _ outcome: inout Outcome,
        on connection: PostgresConnection
    ) throws {
        guard !folded.isEmpty else { return }
        for write in projection.writes(&folded) { try run(write, main, suffix, &outcome, on: connection) }
        folded.removeAll(keepingCapacity: true)
    }

    private func run(
        _ write: TableWrite, _ main: String?, _ suffix: String, _ outcome: inout Outcome,
        on connection: PostgresConnection
    ) throws {
        guard let load = BulkLoad(write.sql) else {
            // The tables are empty but for other streams' rows, so there is nothing to take out.
            guard !write.sql.hasPrefix("DELETE ") else { return }
            var parameters = PostgresParameters()
            for column in write.columns { parameters.append(column) }
            try connection.query(
                PostgresStatement(
                    ProjectionSQL.text(write.sql, suffix: suffix), parameterTypes: write.columns.map(\.type)),
                parameters)
            return
        }
        let rows = try load.copy(write.columns, suffix: suffix, on: connection)
        guard load.table == main else { return }
        outcome.rows += Int64(rows)
        if let index = load.columns.firstIndex(of: "version"), case .int4(let versions) = write.columns[index] {
            outcome.versions += versions.reduce(into: Int64(0)) { $0 += Int64($1) }
        }
    }
}
