public import AccountDomain
public import Accounts
import EventCoding
import PostgresClient
public import PostgresLedger

/// The log as people and tools read it.
public struct PostgresHistory: EventHistory {
    private let log: PostgresLog

    /// The history of a log.
    public init(log: PostgresLog) { self.log = log }

    /// The newest event's position and time.
    public func head() async throws(Failure) -> (position: Int64, recordedAt: Moment?) {
        do {
            var parameters = PostgresParameters()
            parameters.append(log.number)
            let rows = try await log.reader.query(ReadStatements.findHead, parameters)
            return rows.count > 0 ? (try rows.int64(0, 0), try rows.moment(0, 1)) : (0, nil)
        } catch { throw Failure(error) }
    }

    /// The position that a moment stands for.
    public func position(at moment: LogMoment) async throws(Failure) -> Int64 {
        switch moment {
        case .position(let position):
            let head = try await head()
            guard position <= head.position else { throw .beyondHead }
            return position
        case .time(let time):
            do {
                var parameters = PostgresParameters()
                parameters.append(log.number)
                parameters.append(time)
                let rows = try await log.reader.query(ReadStatements.findPosition, parameters)
                // What will have happened by then is not known yet.
                guard try !rows.bool(0, 1) else { throw Failure.beyondHead }
                return try rows.int64(0, 0)
            } catch { throw Failure(error) }
        }
    }

    /// Events that a selection lets through.
    public func events(_ selection: EventSelection, after position: Int64, limit: Int, lookAt: Int)
        async throws(Failure) -> EventPage
    {
        do {
            let head = try await head().position
            // A stream's own index finds its events however far apart they lie.
            let window = selection.stream == nil ? min(head, position + Int64(lookAt)) : head
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(position)
            parameters.append(window)
            parameters.append(optional: selection.type)
            parameters.append(optional: selection.door.map { Array("\"door\":\"\($0.rawValue)\"".utf8) })
            parameters.append(optional: selection.from)
            parameters.append(optional: selection.to)
            parameters.append(Int32(clamping: limit))
            var statement = ReadStatements.selectEvents
            if let stream = selection.stream {
                parameters.append(stream)
                statement = ReadStatements.selectStreamEvents
            }
            let rows = try await log.reader.query(statement, parameters)
            let events = try (0..<rows.count).map { HistoricEvent(stored: try rows.storedEvent($0), personal: nil) }
            let isFull = events.count >= limit
            let lookedUpTo = isFull ? events.last?.stored.position ?? window : max(window, position)
            return EventPage(events: events, lookedUpTo: lookedUpTo, isAtHead: lookedUpTo >= head)
        } catch { throw Failure(error) }
    }

    /// One event.
    public func event(at position: Int64) async throws(Failure) -> HistoricEvent {
        do {
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(position)
            let rows = try await log.reader.query(ReadStatements.findEvent, parameters)
            guard rows.count > 0 else { throw Failure.notFound }
            return HistoricEvent(stored: try rows.storedEvent(0), personal: nil)
        } catch { throw Failure(error) }
    }

    /// One stream's events after a version and up to a position, opened.
    public func events(
        of stream: StreamID, after version: Int32, upTo position: Int64, limit: Int
    ) async throws(Failure) -> [HistoricEvent] {
        do {
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(stream)
            parameters.append(version)
            parameters.append(Int32(clamping: limit))
            parameters.append(position)
            let rows = try await log.reader.query(ReadStatements.selectAccountEvents, parameters)
            guard rows.count > 0 else { return [] }
            guard !rows.isNull(0, 11) else { throw Failure.erased }
            let key = try log.unwrap(try rows.bytes(0, 11), epoch: try rows.int32(0, 10), of: stream)
            return try (0..<rows.count).map { row in
                let stored = try rows.storedEvent(row)
                return HistoricEvent(stored: stored, personal: try OpenedEvent(stored, key: key).content.personal)
            }
        } catch { throw Failure(error) }
    }

    /// Returns once the log is longer, or after the time-out.
    public func waitForEvents(after position: Int64, timeout: Duration) async {
        await log.waitForEvents(after: position, timeout: timeout)
    }
}

extension PostgresRows {
    fileprivate func storedEvent(_ row: Int) throws -> StoredEvent {
        StoredEvent(
            position: try int64(row, 0), recordedAt: try moment(row, 1), stream: try id(row, 2),
            version: try int32(row, 3), command: try id(row, 4),
            type: try withBytes(row, 5) { StoredType.named($0).name }, meta: try bytes(row, 6),
            data: try bytes(row, 7), secret: isNull(row, 8) ? nil : try bytes(row, 8),
            secretHash: isNull(row, 9) ? nil : try bytes(row, 9))
    }
}
