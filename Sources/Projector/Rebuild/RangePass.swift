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

    private enum Fault {
        /// Its key does not do, which is known before its first event is met.
        case unusableKey(String)
        case poison(PoisonError)
    }

    private static var slice: Int { 2_000 }
    private static var positions: Int64 { 100_000 }

    private let projection: P
    private let log: Int16
    private let keys: StreamKeys
    private let upcasters: Upcasters
    private let ignoredTypes: [String]
    /// Where a stream's entry and state stand.
    private var places: [StreamID: Int] = [:]
    private var entries = StateBlocks<RangeEntry>()
    private var states = StateBlocks<P.State>()
    private var faults: [Int: Fault] = [:]
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
    ///   - isTight: Whether memory runs short, after so many bytes more were read.
    ///   - giveBack: Takes what does not fit.
    ///   - report: Hears how far it is, and may throw to end it.
    /// - Throws: ``RebuildFailure`` when the log has a hole; what the database, the keyring and `report` throw.
    func fold(
        upTo head: Int64, chunkRows: Int32, on connection: PostgresConnection, isTight: (Int) -> Bool,
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
            for row in 0..<found.count { try fold(try rows.wantedEvent(row), at: found[row]) }
            position = rows.count == Int(limit) ? try rows.int64(rows.count - 1, 0) : upper
            if isTight(rows.memoryBytes), entries.count > 1, let (kept, rest) = range.halves {
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

    /// The place of each row's stream; streams that appear for the first time get one, with their keys.
    private func gather(_ rows: PostgresRows, on connection: PostgresConnection) throws -> [Int] {
        var found: [Int] = []
        found.reserveCapacity(rows.count)
        let known = entries.count
        for row in 0..<rows.count {
            let stream: StreamID = try rows.id(row, 2)
            if let place = places[stream] {
                found.append(place)
                continue
            }
            let place = entries.count
            entries.append(RangeEntry(stream))
            states.append(projection.start(stream))
            places[stream] = place
            found.append(place)
        }
        guard entries.count > known else { return found }
        let new = known..<entries.count
        try keys.gather(new.lazy.map { [entries] in entries[$0].stream }, purged: [], on: connection)
        for place in new {
            switch keys[entries[place].stream] {
            case .living(let key, let epoch):
                entries[place].key = key
                entries[place].epoch = epoch
            case .destroyed: break
            case .unusable(let reason): note(.unusableKey(reason), at: place)
            }
        }
        return found
    }

    private func note(_ fault: Fault, at place: Int) {
        entries[place].isPoisoned = true
        faults[place] = fault
    }

    private func fold(_ stored: StoredEvent, at place: Int) throws {
        guard projection.takes(stored.type) else { return }
        if entries[place].isPoisoned {
            if case .unusableKey(let reason) = faults[place] { note(.poison(PoisonError(reason, stored)), at: place) }
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
                try projection.apply(event, to: &states[place])
            } catch {
                note(.poison(PoisonError(error.description, stored)), at: place)
            }
        } catch {
            note(.poison(PoisonError(error.description, stored)), at: place)
        }
        entries[place].version = stored.version
        entries[place].applied += 1
    }

    /// Goes on with the streams of a part of the range.
    private func shrink(to kept: StreamRange) {
        range = kept
        let (all, allStates, allFaults) = (entries, states, faults)
        (entries, states, faults, places) = (StateBlocks(), StateBlocks(), [:], [:])
        for place in 0..<all.count where all[place].stream.high <= kept.last {
            places[all[place].stream] = entries.count
            faults[entries.count] = allFaults[place]
            entries.append(all[place])
            states.append(allStates[place])
        }
        all.removeAll()
        allStates.removeAll()
        MemoryGauge.trim()
    }

    /// Writes the rows of every stream of the range.
    func write(suffix: String, on connection: PostgresConnection) throws -> Outcome {
        var outcome = Outcome()
        let main = BulkLoad(projection.sql.upsert)?.table
        var folded: [FoldedStream<P.State>] = []
        for place in 0..<entries.count {
            let entry = entries[place]
            if case .poison(let poison) = faults[place] {
                outcome.parked.append((entry.stream, poison))
                continue
            }
            guard entry.applied > 0 else { continue }
            if entry.key == nil { projection.blank(&states[place], at: entry.version) }
            folded.append(
                FoldedStream(
                    stream: entry.stream, state: states[place], version: entry.version, applied: entry.applied,
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
