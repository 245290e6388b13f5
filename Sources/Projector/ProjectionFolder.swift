import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger
import ProjectionKit

/// A projection at work on one thread, whatever its states are.
protocol Folding: AnyObject {
    var id: ProjectionID { get }

    func takes(_ type: String) -> Bool

    /// Begins a step on a lane whose checkpoint, read under its lock, is `position`.
    ///
    /// What is remembered of the lane counts only when this worker was the last to move it.
    func begin(_ lane: Lane, at position: Int64)

    /// Brings the states of streams into memory, and tells those whose rows cannot be read back.
    func load(_ streams: [DecodedStream], on connection: PostgresConnection) throws -> [StreamID: PoisonError]

    /// Takes a stream as if nothing of it had been folded.
    func start(_ stream: DecodedStream)

    /// Folds a stream's events; the bit tells which of them are for this projection.
    ///
    /// - Throws: ``PoisonError``, upon which nothing of the stream is kept; ``ContinuityError``.
    func fold(_ stream: DecodedStream, bit: UInt64) throws

    /// Writes what was folded since ``begin(_:at:)``.
    ///
    /// - Throws: ``ContinuityError`` when rows were not where they ought to be.
    func write(on connection: PostgresConnection) throws

    /// Takes all rows of a stream out.
    func remove(_ stream: StreamID, on connection: PostgresConnection) throws

    /// The step is committed, with the lane at `position`.
    func settle(at position: Int64)

    /// The lane was advanced over a range without events of its streams.
    func advance(_ lane: Lane, from: Int64, to: Int64)

    /// Forgets what is remembered of a lane, since a step on it failed.
    func forget(_ lane: Lane)
}

/// A projection with the states that it is folding.
final class ProjectionFolder<P: Projection>: Folding {
    /// A state in memory, level with its rows.
    private struct Kept {
        let state: P.State
        let version: Int32
    }

    /// A state that this step changes.
    private struct Working {
        var state: P.State
        var version: Int32
        var applied: Int32 = 0
        let key: StreamKey?
        let epoch: Int32
    }

    /// What is remembered of a lane, and the checkpoint with which it is level.
    private struct Memory {
        var position: Int64
        var states: GenerationCache<StreamID, Kept>
    }

    let id: ProjectionID
    private let projection: P
    private let limit: Int
    private var memories: [Lane: Memory] = [:]
    private var lane = Lane(number: 0, count: 1)
    private var working: [StreamID: Working] = [:]
    private var statements: [String: PostgresStatement] = [:]

    /// A projection on the tables of one of its versions.
    init(_ projection: P, version: Int32, limit: Int) {
        self.projection = projection
        self.limit = limit
        id = ProjectionID(name: projection.name, version: version)
    }

    func takes(_ type: String) -> Bool { projection.takes(type) }

    func begin(_ lane: Lane, at position: Int64) {
        self.lane = lane
        working.removeAll(keepingCapacity: true)
        if memories[lane]?.position != position {
            memories[lane] = Memory(
                position: position, states: GenerationCache(limit: max(64, limit / Int(lane.count))))
        }
    }

    func load(_ streams: [DecodedStream], on connection: PostgresConnection) throws -> [StreamID: PoisonError] {
        var missing: [StreamID: DecodedStream] = [:]
        for stream in streams {
            if let kept = memories[lane]?.states.take(stream.stream) {
                working[stream.stream] = Working(
                    state: kept.state, version: kept.version, key: stream.key, epoch: stream.epoch)
            } else {
                missing[stream.stream] = stream
            }
        }
        guard !missing.isEmpty else { return [:] }
        var failures: [StreamID: PoisonError] = [:]
        for (stream, rows) in try readRows(of: Array(missing.keys), on: connection) {
            guard let decoded = missing.removeValue(forKey: stream) else { continue }
            do throws(ProjectionFault) {
                var stored: [StoredRow] = []
                for row in rows { stored.append(try row.opened(with: decoded.key)) }
                working[stream] = Working(
                    state: try projection.restore(stream, from: stored), version: rows.map(\.version).max() ?? 0,
                    key: decoded.key, epoch: decoded.epoch)
            } catch {
                failures[stream] = PoisonError(error.description, position: decoded.events.first?.position ?? 0)
            }
        }
        for (_, stream) in missing { start(stream) }
        return failures
    }

    func start(_ stream: DecodedStream) {
        working[stream.stream] = Working(
            state: projection.start(stream.stream), version: 0, key: stream.key, epoch: stream.epoch)
    }

    func fold(_ stream: DecodedStream, bit: UInt64) throws {
        // Taken out, so that arrays in the state are changed in place, and nothing stays behind upon an error.
        guard var current = working.removeValue(forKey: stream.stream) else { return }
        // Ahead of them too: events without a box refer to what those with one cannot tell any more.
        if stream.isKeyDestroyed { projection.blank(&current.state, at: current.version) }
        for event in stream.events where event.takers & bit != 0 {
            let next = current.version + 1
            guard event.version == next || (event.version > next && !projection.foldsWholeStreams) else {
                throw ContinuityError(
                    id: id, text: "stream \(stream.stream) is at version \(next - 1), not before \(event.version)")
            }
            let projected = try event.outcome.get()
            do throws(ProjectionFault) {
                try projection.apply(projected, to: &current.state)
            } catch {
                throw PoisonError(
                    error.description, position: projected.position, version: projected.version, type: projected.type)
            }
            current.version = event.version
            current.applied += 1
        }
        if stream.isKeyDestroyed { projection.blank(&current.state, at: current.version) }
        working[stream.stream] = current
    }

    func write(on connection: PostgresConnection) throws {
        var folded: [FoldedStream<P.State>] = []
        folded.reserveCapacity(working.count)
        for (stream, current) in working where current.applied > 0 {
            folded.append(
                FoldedStream(
                    stream: stream, state: current.state, version: current.version, applied: current.applied,
                    key: current.key, epoch: current.epoch))
        }
        guard !folded.isEmpty else { return }
        working.removeAll(keepingCapacity: true)
        for write in projection.writes(&folded) { try run(write, on: connection) }
        for stream in folded {
            working[stream.stream] = Working(state: stream.state, version: stream.version, key: nil, epoch: 0)
        }
    }

    func remove(_ stream: StreamID, on connection: PostgresConnection) throws {
        _ = memories[lane]?.states.take(stream)
        var parameters = PostgresParameters()
        parameters.append(stream)
        try connection.query(statement(projection.sql.remove, [.uuid]), parameters)
    }

    func settle(at position: Int64) {
        for (stream, current) in working {
            memories[lane]?.states.put(stream, Kept(state: current.state, version: current.version))
        }
        working.removeAll(keepingCapacity: true)
        memories[lane]?.position = position
    }

    func advance(_ lane: Lane, from: Int64, to: Int64) {
        if memories[lane]?.position == from { memories[lane]?.position = to }
    }

    func forget(_ lane: Lane) {
        memories[lane] = nil
        working.removeAll()
    }

    private func run(_ write: TableWrite, on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        for column in write.columns { parameters.append(column) }
        let rows = try connection.query(statement(write.sql, write.columns.map(\.type)), parameters)
        if let expected = write.expectedRows, rows.affected != expected {
            throw ContinuityError(
                id: id, text: "\(expected - rows.affected) of \(expected) rows were at another version")
        }
    }

    private func statement(_ sql: String, _ types: [PostgresType]) -> PostgresStatement {
        if let known = statements[sql] { return known }
        let statement = PostgresStatement(ProjectionSQL.text(sql, suffix: "\(id.version)"), parameterTypes: types)
        statements[sql] = statement
        return statement
    }

    // MARK: Rows

    /// A row as it is stored, its view sealed.
    private struct SealedRow {
        let ordinal: Int32
        let version: Int32
        let box: [UInt8]?
        let place: String

        func opened(with key: StreamKey?) throws(ProjectionFault) -> StoredRow {
            guard let box, let key else {
                return StoredRow(ordinal: ordinal, version: version, view: nil, isBlank: box == nil)
            }
            do throws(EventCodingError) {
                return StoredRow(
                    ordinal: ordinal, version: version, view: try key.open(box, at: .view(place)), isBlank: false)
            } catch {
                throw .unreadableView
            }
        }
    }

    private func readRows(
        of streams: [StreamID], on connection: PostgresConnection
    ) throws -> [StreamID: [SealedRow]] {
        var parameters = PostgresParameters()
        parameters.append(Column.ids(streams))
        let rows = try connection.query(statement(projection.sql.load, [.uuidArray]), parameters)
        var found: [StreamID: [SealedRow]] = [:]
        for row in 0..<rows.count {
            let stream: StreamID = try rows.id(row, 0)
            let ordinal = try rows.int32(row, 1)
            found[stream, default: []].append(
                SealedRow(
                    ordinal: ordinal, version: try rows.int32(row, 2),
                    box: rows.isNull(row, 3) ? nil : try rows.bytes(row, 3),
                    place: projection.viewPlace(ordinal: ordinal)))
        }
        return found
    }
}
