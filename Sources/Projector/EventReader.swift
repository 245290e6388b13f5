import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger
import ProjectionKit

/// A stored event with the projections that fold it, one bit each.
struct WantedEvent {
    let stored: StoredEvent
    let takers: UInt64
}

/// The events of one stream, in order.
struct StreamBatch {
    let stream: StreamID
    var events: [WantedEvent]
    /// Every projection that folds one of them.
    var takers: UInt64
}

/// What one step folds: a part of the log, sorted by streams.
struct LaneBatch {
    private(set) var streams: [StreamBatch] = []
    /// Streams of which a box was purged already.
    private(set) var purged: Set<StreamID> = []
    /// How many events there are, those that nobody wants included.
    private(set) var eventCount = 0
    /// How many bytes they take.
    private(set) var byteCount = 0
    /// When the last of them was recorded.
    private(set) var lastRecordedAt: Moment?
    private var places: [StreamID: Int] = [:]

    mutating func append(_ stored: StoredEvent, takers: UInt64) {
        eventCount += 1
        byteCount += stored.data.count + (stored.secret?.count ?? 0) + 200
        lastRecordedAt = stored.recordedAt
        guard takers != 0 else { return }
        if stored.secret == nil, stored.secretHash != nil { purged.insert(stored.stream) }
        let event = WantedEvent(stored: stored, takers: takers)
        if let place = places[stored.stream] {
            streams[place].events.append(event)
            streams[place].takers |= takers
        } else {
            places[stored.stream] = streams.count
            streams.append(StreamBatch(stream: stored.stream, events: [event], takers: takers))
        }
    }
}

/// Reads parts of the log.
struct EventReader {
    let log: Int16

    private static let chunk: Int32 = 1_000

    /// Reads a lane's events after `from` and up to `to`, at most so many and so many bytes.
    ///
    /// - Returns: The position up to which nothing of the lane is missing.
    func read(
        _ lane: Lane, after from: Int64, upTo to: Int64, maximumEvents: Int, maximumBytes: Int,
        on connection: PostgresConnection, _ body: (StoredEvent) -> (count: Int, bytes: Int)
    ) throws -> Int64 {
        let streams = lane.streams
        var from = from
        while true {
            var parameters = PostgresParameters()
            parameters.append(log)
            parameters.append(from)
            parameters.append(to)
            parameters.append(streams.lowerBound)
            parameters.append(streams.upperBound)
            parameters.append(Self.chunk)
            let rows = try connection.query(Statement.readLane, parameters)
            var total = (count: 0, bytes: 0)
            for row in 0..<rows.count { total = body(try rows.wantedEvent(row)) }
            guard rows.count == Int(Self.chunk) else { return to }
            from = try rows.int64(rows.count - 1, 0)
            if total.count >= maximumEvents || total.bytes >= maximumBytes { return from }
        }
    }

    /// Reads a stream from its beginning up to a position.
    func read(
        _ stream: StreamID, upTo position: Int64, on connection: PostgresConnection, _ body: (StoredEvent) -> Void
    ) throws {
        var version: Int32 = 0
        while true {
            var parameters = PostgresParameters()
            parameters.append(log)
            parameters.append(stream)
            parameters.append(version)
            parameters.append(position)
            parameters.append(Self.chunk)
            let rows = try connection.query(Statement.readStream, parameters)
            for row in 0..<rows.count { body(try rows.wantedEvent(row)) }
            guard rows.count == Int(Self.chunk) else { return }
            version = try rows.int32(rows.count - 1, 3)
        }
    }
}

extension PostgresRows {
    /// An event as folds need it, without its meta.
    func wantedEvent(_ row: Int) throws -> StoredEvent {
        StoredEvent(
            position: try int64(row, 0), recordedAt: try moment(row, 1), stream: try id(row, 2),
            version: try int32(row, 3), command: try id(row, 4),
            type: try withBytes(row, 5) { StoredType.named($0).name },
            meta: [], data: try bytes(row, 6), secret: isNull(row, 7) ? nil : try bytes(row, 7),
            secretHash: isNull(row, 8) ? nil : try bytes(row, 8))
    }
}
