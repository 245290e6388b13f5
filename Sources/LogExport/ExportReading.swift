import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger

/// What an export reads of the database, a statement each.
enum ExportReading {
    /// What has to be known at the beginning.
    struct Start: Sendable {
        let header: ExportRecord.Header
        let head: Int64
    }

    static func start(_ log: Int16, on connection: PostgresConnection) throws -> Start? {
        let rows = try connection.query(Statement.findLog, number(log))
        guard rows.count > 0 else { return nil }
        return Start(
            header: ExportRecord.Header(
                origin: try rows.string(0, 0), log: log, masterCheck: try rows.bytes(0, 1),
                openedAt: try rows.moment(0, 2)),
            head: try head(log, on: connection))
    }

    static func head(_ log: Int16, on connection: PostgresConnection) throws -> Int64 {
        let rows = try connection.query(Statement.findHead, number(log))
        return rows.count > 0 ? try rows.int64(0, 0) : 0
    }

    static func events(_ log: Int16, _ range: ClosedRange<Int64>, on connection: PostgresConnection) throws
        -> PostgresRows
    {
        var parameters = number(log)
        parameters.append(range.lowerBound - 1)
        parameters.append(range.upperBound)
        return try connection.query(Statement.readEvents, parameters)
    }

    static func blob(_ log: Int16, _ stream: StreamID, _ hash: [UInt8], on connection: PostgresConnection) throws
        -> [UInt8]?
    {
        var parameters = number(log)
        parameters.append(stream)
        parameters.append(hash)
        let rows = try connection.query(Statement.findBlob, parameters)
        return rows.count > 0 ? try rows.bytes(0, 0) : nil
    }

    /// Puts aside what the export closes with, as it is at the moment of the head that is answered.
    static func putAside(_ log: Int16, on connection: PostgresConnection) throws -> Int64 {
        try connection.transaction { connection in
            try connection.execute(script: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let head = try head(log, on: connection)
            try connection.execute(script: Statement.openCursors(log: log))
            return head
        }
    }

    /// The next records of a kind; none when there are no more.
    static func records(_ kind: PostgresExport.Closing, on connection: PostgresConnection) throws -> [ExportRecord] {
        switch kind {
        case .epochs:
            let rows = try connection.query(Statement.fetchEpochs)
            return try (0..<rows.count).map { row in
                .epoch(
                    ExportRecord.Epoch(
                        number: try rows.int32(row, 0), checkValue: try rows.bytes(row, 1),
                        openedAt: try rows.moment(row, 2),
                        retiredAt: rows.isNull(row, 3) ? nil : try rows.moment(row, 3)))
            }
        case .keys:
            let rows = try connection.query(Statement.fetchKeys)
            return try (0..<rows.count).map { row in
                .key(
                    ExportRecord.Key(
                        stream: try rows.id(row, 0), epoch: try rows.int32(row, 1),
                        wrapped: rows.isNull(row, 2) ? nil : try rows.bytes(row, 2),
                        destroyedAt: rows.isNull(row, 3) ? nil : try rows.moment(row, 3)))
            }
        case .reservations:
            let rows = try connection.query(Statement.fetchReservations)
            return try (0..<rows.count).map { row in
                .reservation(
                    ExportRecord.Reservation(
                        namespace: try rows.int16(row, 0), keyHash: try rows.bytes(row, 1),
                        stream: try rows.id(row, 2), position: try rows.int64(row, 3)))
            }
        case .quotas:
            let rows = try connection.query(Statement.fetchQuotas)
            return try (0..<rows.count).map { row in
                .quota(
                    ExportRecord.Quota(
                        owner: try rows.id(row, 0), used: try rows.int32(row, 1),
                        maximum: rows.isNull(row, 2) ? nil : try rows.int32(row, 2)))
            }
        }
    }

    /// The smallest checkpoint of at least a size; nil when there is none yet.
    static func checkpoint(_ log: Int16, from size: Int64, on connection: PostgresConnection) throws
        -> (size: Int64, note: String)?
    {
        var parameters = number(log)
        parameters.append(size)
        let rows = try connection.query(Statement.findCheckpoint, parameters)
        return rows.count > 0 ? (try rows.int64(0, 0), try rows.string(0, 1)) : nil
    }

    private static func number(_ log: Int16) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(log)
        return parameters
    }
}

extension PostgresRows {
    /// Lends an event's row, in the order of `read_events.sql`.
    func lendEvent<R>(_ row: Int, _ body: (LentEvent) throws -> R) throws -> R {
        let (position, recordedAt) = (try int64(row, 0), try timestampMicroseconds(row, 1))
        let (stream, version, command) = (try uuid(row, 2), try int32(row, 3), try uuid(row, 4))
        return try withBytes(row, 5) { type in
            try withBytes(row, 6) { meta in
                try withBytes(row, 7) { data in
                    try lend(row, 8) { secret in
                        try lend(row, 9) { hash in
                            try body(
                                LentEvent(
                                    position: position, recordedAt: recordedAt, stream: stream, version: version,
                                    command: command, type: type, meta: meta, data: data, secret: secret,
                                    secretHash: hash))
                        }
                    }
                }
            }
        }
    }

    private func lend<R>(_ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> R) throws -> R {
        if isNull(row, column) { return try body(nil) }
        return try withBytes(row, column) { try body($0) }
    }
}
