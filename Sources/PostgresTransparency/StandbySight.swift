import PostgresClient

/// What the database tells of its standbys at one moment.
struct StandbySight {
    /// One of the standbys.
    struct Standby {
        let name: String
        let isConnected: Bool
        /// Whether the sealer's user may see how far it is.
        let isVisible: Bool
        /// How much of the write-ahead log it has on disk, in bytes; nil when that cannot be told.
        let flushed: Int64?
    }

    /// The last position of the log.
    let head: Int64
    /// How much of the write-ahead log there was when the head was seen, in bytes: every event up to it lies before.
    let written: Int64
    let standbys: [Standby]

    /// How much of the write-ahead log all of them have on disk; nil when that cannot be told of one.
    var flushed: Int64? {
        let flushed = standbys.compactMap(\.flushed)
        return flushed.count == standbys.count ? flushed.min() : nil
    }

    /// Which of them stand in the way of what lies before a place in the write-ahead log, in the order of their names'
    /// list.
    func holds(before written: Int64) -> [StandbyHold] {
        standbys.compactMap { standby in
            if !standby.isConnected { return StandbyHold(standby.name, .isAway) }
            if !standby.isVisible { return StandbyHold(standby.name, .isHidden) }
            guard let flushed = standby.flushed else { return StandbyHold(standby.name, .isStarting) }
            return flushed < written ? StandbyHold(standby.name, .isBehind) : nil
        }
    }

    /// Looks at the standbys of these names; there is one at least.
    static func look(_ names: [String], log: Int16, on connection: PostgresConnection) throws -> StandbySight {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(array: names)
        let rows = try connection.query(Statement.findStandbys, parameters)
        let standbys = try (0..<rows.count).map { row in
            Standby(
                name: try rows.string(row, 0), isConnected: try rows.bool(row, 3), isVisible: try rows.bool(row, 4),
                flushed: rows.isNull(row, 5) ? nil : try rows.int64(row, 5))
        }
        return StandbySight(head: try rows.int64(0, 1), written: try rows.int64(0, 2), standbys: standbys)
    }
}
