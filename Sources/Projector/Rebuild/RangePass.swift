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
    /// How many events ahead a state is fetched: streams take turns, so hardly any state is in the cache.
    private static var lead: Int { 6 }

    private let projection: P
    private let log: Int16
    private let keys: StreamKeys
    private let upcasters: Upcasters
    private let reading: PostgresStatement
    /// Whether the projection takes a type, by the type's number.
    private let taken: [Bool]
    /// Where a stream's entry and state stand.
    private var places = StreamPlaces()
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
        taken = StoredType.all.map { projection.takes($0.name) }
        // A type that nobody knows is read: it may be one that ought to be folded.
        reading = Statement.readRange(ignoring: EventCoding.types.filter { !projection.takes($0) })
    }

    /// Folds the range up to a position.
    ///
    /// - Parameters:
    ///   - head: The last position that goes in.
    ///   - readSize: How much is read at one time.
    ///   - connection: Where.
    ///   - isTight: Whether memory runs short, after so many bytes more were read.
    ///   - giveBack: Takes what does not fit.
    ///   - report: Hears how far it is, and may throw to end it.
    /// - Throws: ``RebuildFailure`` when the log has a hole; what the database, the keyring and `report` throw.
    func fold(
        upTo head: Int64, readSize: ReadSize, on connection: PostgresConnection, isTight: (Int) -> Bool,
        giveBack: (StreamRange, StreamRange) -> Void, report: (Double) throws -> Void
    ) throws {
        var position: Int64 = 0
        var size = readSize
        while position < head {
            let upper = min(head, position + Self.positions)
            let limit = size.rows
            let rows = try read(after: position, upTo: upper, limit, on: connection)
            size.note(rows: rows.count, bytes: rows.memoryBytes)
            let found = try gather(rows, on: connection)
            for row in found.indices {
                prefetch(found, behind: row)
                try fold(row, of: rows, at: found[row])
            }
            position = rows.count == Int(limit) ? try rows.int64(rows.count - 1, 0) : upper
            if isTight(rows.memoryBytes), entries.count > 1, let (kept, rest) = range.halves {
                shrink(to: kept)
                giveBack(rest, kept)
            }
            try report(range.share * Double(position) / Double(head))
        }
    }

    /// Has the processor fetch what the next events are folded with, the entry first, for it tells where the key is.
    private func prefetch(_ places: [Int], behind row: Int) {
        if row + 2 * Self.lead < places.count { entries.prefetch(places[row + 2 * Self.lead]) }
        guard row + Self.lead < places.count else { return }
        states.prefetch(places[row + Self.lead])
        entries.prefetchReferent(places[row + Self.lead], at: RangeEntry.keyOffset)
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
        parameters.append(limit)
        return try connection.query(reading, parameters)
    }

    /// The place of each row's stream; streams that appear for the first time get one, with their keys.
    private func gather(_ rows: PostgresRows, on connection: PostgresConnection) throws -> [Int] {
        var found: [Int] = []
        found.reserveCapacity(rows.count)
        let known = entries.count
        for row in 0..<rows.count {
            let stream: StreamID = try rows.id(row, 2)
            if let place = places.find(stream, isThere: { entries[$0].stream == stream }) {
                found.append(place)
                continue
            }
            let place = entries.count
            entries.append(RangeEntry(stream))
            states.append(projection.start(stream))
            places.insert(stream, at: place) { entries[$0].stream }
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

    private func fold(_ row: Int, of rows: PostgresRows, at place: Int) throws {
        defer { withExtendedLifetime(rows) {} }
        guard let name = try rows.bytesInPlace(row, 4), let data = try rows.bytesInPlace(row, 5) else {
            throw PostgresError(kind: .decoding, message: "an event without type or data")
        }
        let type = StoredType.named(name)
        guard type.number.map({ taken[$0] }) ?? projection.takes(type.name) else { return }
        let position = try rows.int64(row, 0)
        let version = try rows.int32(row, 3)
        if entries[place].isPoisoned {
            if case .unusableKey(let reason) = faults[place] { poison(reason, position, version, type, at: place) }
            return
        }
        let next = entries[place].version + 1
        guard version == next || (version > next && !projection.foldsWholeStreams) else {
            throw RebuildFailure(
                text: "the log lacks version \(next) of stream \(entries[place].stream), before position \(position)")
        }
        let stored = EventInPlace(
            version: version, type: type, data: data, secret: try rows.bytesInPlace(row, 6),
            secretHash: try rows.bytesInPlace(row, 7))
        // Purged since the key was read: the person was erased meanwhile.
        if stored.isPurged { entries[place].key = nil }
        let recordedAt = try rows.moment(row, 1)
        do throws(EventCodingError) {
            let event = ProjectedEvent(
                position: position, recordedAt: recordedAt, stream: entries[place].stream, version: version,
                type: type.name, event: try stored.decoded(key: entries[place].key, upcasters: upcasters))
            do throws(ProjectionFault) {
                try projection.apply(event, to: &states[place])
            } catch {
                poison(error.description, position, version, type, at: place)
            }
        } catch {
            poison(error.description, position, version, type, at: place)
        }
        entries[place].version = version
        entries[place].applied += 1
    }

    private func poison(_ reason: String, _ position: Int64, _ version: Int32, _ type: StoredType, at place: Int) {
        note(.poison(PoisonError(reason, position: position, version: version, type: type.name)), at: place)
    }

    /// Goes on with the streams of a part of the range.
    private func shrink(to kept: StreamRange) {
        range = kept
        let (all, allStates, allFaults) = (entries, states, faults)
        (entries, states, faults, places) = (StateBlocks(), StateBlocks(), [:], StreamPlaces())
        allStates.consume { place, state in
            guard all[place].stream.high <= kept.last else { return }
            let new = entries.count
            faults[new] = allFaults[place]
            entries.append(all[place])
            states.append(state)
            places.insert(all[place].stream, at: new) { entries[$0].stream }
        }
        all.removeAll()
        MemoryGauge.trim()
    }

    /// Writes the rows of every stream of the range, whose states are given up on the way.
    func write(suffix: String, on connection: PostgresConnection) throws -> Outcome {
        var outcome = Outcome()
        let main = BulkLoad(projection.sql.upsert)?.table
        var folded: [FoldedStream<P.State>] = []
        try states.consume { place, state in
            let entry = entries[place]
            if entry.isPoisoned, case .poison(let poison) = faults[place] {
                return outcome.parked.append((entry.stream, poison))
            }
            guard entry.applied > 0 else { return }
            folded.append(
                FoldedStream(
                    stream: entry.stream, state: consume state, version: entry.version, applied: entry.applied,
                    key: entry.key, epoch: entry.epoch))
            if entry.key == nil { projection.blank(&folded[folded.count - 1].state, at: entry.version) }
            guard folded.count == Self.slice else { return }
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
