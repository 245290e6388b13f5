import PostgresClient

/// Looks through the log in order, and notes each event that asks for a mail once.
///
/// Row and checkpoint are one transaction. It has a lane of its own, so that no rebuild, replay or restore of a read
/// model comes near it (docs/mail.md).
struct EventNoter {
    private static let stepPositions: Int64 = 20_000

    private let setup: OutboxSetup

    init(_ setup: OutboxSetup) { self.setup = setup }

    /// One step.
    ///
    /// - Returns: whether there is more to look through.
    func step(on connection: PostgresConnection) throws -> Bool {
        guard let known = try position(Statement.findLane, on: connection) else {
            // A log that was neither opened nor restored by a program that knows of outboxes.
            try connection.query(Statement.startLane, parameters())
            return true
        }
        // Without a look under the lock, for mostly nothing has happened.
        guard let head = try position(Statement.findHead, on: connection), head > known else { return false }
        return try connection.transaction { connection in
            // Somebody else is at it.
            guard let from = try position(Statement.lockLane, on: connection) else { return false }
            let head = try position(Statement.findHead, on: connection) ?? 0
            let upTo = min(head, from + Self.stepPositions)
            guard upTo > from else { return false }
            let wanted = setup.wanted
            var noted = parameters()
            noted.append(from)
            noted.append(upTo)
            noted.append(array: wanted.map(\.type))
            noted.append(array: wanted.map(\.kind))
            try connection.query(Statement.noteEvents, noted)
            var moved = parameters()
            moved.append(upTo)
            try connection.query(Statement.moveLane, moved)
            return upTo < head
        }
    }

    private func parameters() -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        return parameters
    }

    private func position(_ statement: PostgresStatement, on connection: PostgresConnection) throws -> Int64? {
        let rows = try connection.query(statement, parameters())
        return rows.count > 0 ? try rows.int64(0, 0) : nil
    }
}
