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

    private struct Entry {
        let stream: StreamID
        var state: P.State
        var version: Int32 = 0
        var applied: Int32 = 0
        var key: StreamKey?
        let epoch: Int32
        var poison: PoisonError?
    }

    private static var slice: Int { 2_000 }
    private static var positions: Int64 { 100_000 }

    private let projection: P
    private let log: Int16
    private let keys: StreamKeys
    private let upcasters: Upcasters
    private let ignoredTypes: [String]
    private var entries: [Entry] = []
    private var places: [StreamID: Int] = [:]
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
    ///   - chunkRows: How many rows are read at one time.
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
        while position < head {
            let upper = min(head, position + Self.positions)
            let rows = try read(after: position, upTo: upper, chunkRows, on: connection)
            try gather(rows, on: connection)
            for row in 0..<rows.count { try fold(try rows.wantedEvent(row)) }
            position = rows.count == Int(chunkRows) ? try rows.int64(rows.count - 1, 0) : upper
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

    /// Makes entries, with their keys, for the streams that appear for the first time.
    private func gather(_ rows: PostgresRows, on connection: PostgresConnection) throws {
        var new: [StreamID: Int64] = [:]
        for row in 0..<rows.count {
            let stream: StreamID = try rows.id(row, 2)
            if places[stream] == nil, new[stream] == nil { new[stream] = try rows.int64(row, 0) }
        }
        guard !new.isEmpty else { return }
        try keys.gather(new.keys, purged: [], on: connection)
        for (stream, position) in new {
            var entry: Entry
            switch keys[stream] {
            case .living(let key, let epoch):
                entry = Entry(stream: stream, state: projection.start(stream), key: key, epoch: epoch)
            case .destroyed:
                entry = Entry(stream: stream, state: projection.start(stream), key: nil, epoch: 0)
            case .unusable(let reason):
                entry = Entry(stream: stream, state: projection.start(stream), key: nil, epoch: 0)
                entry.poison = PoisonError(reason, position: position)
            }
            places[stream] = entries.count
            entries.append(entry)
        }
    }

    private func fold(_ stored: StoredEvent) throws {
        guard projection.takes(stored.type), let place = places[stored.stream], entries[place].poison == nil else {
            return
        }
        let next = entries[place].version + 1
        guard stored.version == next || (stored.version > next && !projection.foldsWholeStreams) else {
            throw RebuildFailure(
                text: "the log lacks version \(next) of stream \(stored.stream), before position \(stored.position)")
        }
        // Purged since the key was read: the person was erased meanwhile.
        if stored.secret == nil, stored.secretHash != nil { entries[place].key = nil }
        do throws(EventCodingError) {
            let event = try ProjectedEvent(stored, key: entries[place].key, upcasters: upcasters)
            do throws(ProjectionFault) {
                try projection.apply(event, to: &entries[place].state)
            } catch {
                entries[place].poison = PoisonError(error.description, stored)
            }
        } catch {
            entries[place].poison = PoisonError(error.description, stored)
        }
        entries[place].version = stored.version
        entries[place].applied += 1
    }

    private func shrink(to kept: StreamRange) {
        range = kept
        entries.removeAll { $0.stream.high > kept.last }
        places.removeAll(keepingCapacity: false)
        for (place, entry) in entries.enumerated() { places[entry.stream] = place }
        MemoryGauge.trim()
    }

    /// Writes the rows of every stream of the range.
    func write(suffix: String, on connection: PostgresConnection) throws -> Outcome {
        var outcome = Outcome()
        let main = BulkLoad(projection.sql.upsert)?.table
        var place = 0
        while place < entries.count {
            let end = min(entries.count, place + Self.slice)
            var folded: [FoldedStream<P.State>] = []
            for index in place..<end where entries[index].applied > 0 || entries[index].poison != nil {
                if let poison = entries[index].poison {
                    outcome.parked.append((entries[index].stream, poison))
                    continue
                }
                if entries[index].key == nil {
                    projection.blank(&entries[index].state, at: entries[index].version)
                }
                let entry = entries[index]
                folded.append(
                    FoldedStream(
                        stream: entry.stream, state: entry.state, version: entry.version, applied: entry.applied,
                        key: entry.key, epoch: entry.epoch))
            }
            place = end
            guard !folded.isEmpty else { continue }
            for write in projection.writes(&folded) {
                try run(write, main, suffix, &outcome, on: connection)
            }
        }
        return outcome
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
