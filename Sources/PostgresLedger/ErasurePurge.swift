public import AccountDomain
public import PostgresClient

/// What is done in the background once keys are destroyed: boxes and blobs of the erased are taken away, and blobs that no
/// event names.
///
/// Everything goes in bounded steps that each commit, so that nothing waits for long, and a step that a crash takes away
/// is made again. What is left to do stands in the database. Blocks, and belongs on a thread of its own.
public enum ErasurePurge {
    /// How many boxes one step takes away.
    public static let step: Int32 = 500

    /// Takes the purger's place for the session, so that two gateways do not do the same.
    ///
    /// - Returns: false when another has it.
    /// - Throws: `PostgresError`.
    public static func begin(_ log: Int16, on connection: PostgresConnection) throws -> Bool {
        try connection.query(lock, place(log)).bool(0, 0)
    }

    /// Gives the place up.
    ///
    /// - Throws: `PostgresError`.
    public static func end(_ log: Int16, on connection: PostgresConnection) throws {
        try connection.query(unlock, place(log))
    }

    /// Erased streams of which something may be left, in order, after one.
    ///
    /// - Throws: `PostgresError`.
    public static func outstanding(
        _ log: Int16, after stream: StreamID?, limit: Int32, on connection: PostgresConnection
    ) throws -> [StreamID] {
        var parameters = place(log)
        parameters.append(stream ?? StreamID(high: 0, low: 0))
        parameters.append(limit)
        let rows = try connection.query(findUnpurged, parameters)
        return try (0..<rows.count).map { try rows.id($0, 0) }
    }

    /// Takes some boxes and blobs of an erased stream away.
    ///
    /// - Returns: how many; 0 when nothing was left, and the stream is noted as purged.
    /// - Throws: `PostgresError`, with SQLSTATE LG008 for a stream that no event tells to be erased.
    public static func purge(_ stream: StreamID, of log: Int16, on connection: PostgresConnection) throws -> Int {
        var parameters = place(log)
        parameters.append(stream)
        parameters.append(step)
        return Int(try connection.query(purgeStream, parameters).int32(0, 0))
    }

    /// Takes away blobs that were stored a day ago and that no event names.
    ///
    /// - Returns: how many were looked at, 0 when there is nothing to do, and how many were taken away.
    /// - Throws: `PostgresError`.
    public static func collectBlobs(_ log: Int16, on connection: PostgresConnection) throws
        -> (looked: Int, taken: Int)
    {
        var parameters = place(log)
        parameters.append(Int32(100))
        let rows = try connection.query(collectBlobs, parameters)
        return (Int(try rows.int32(0, 0)), Int(try rows.int32(0, 1)))
    }

    private static func place(_ log: Int16) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(log)
        return parameters
    }

    private static func lockStatement(_ text: String) -> PostgresStatement {
        PostgresStatement(text, parameterTypes: [.int2])
    }

    private static let lock = lockStatement(Statement.lockPurge)
    private static let unlock = lockStatement(Statement.unlockPurge)
    private static let findUnpurged = PostgresStatement(
        Statement.findUnpurged, parameterTypes: [.int2, .uuid, .int4], isReadOnly: true)
    private static let purgeStream = PostgresStatement(
        Statement.purgeStream, parameterTypes: [.int2, .uuid, .int4])
    private static let collectBlobs = PostgresStatement(Statement.collectBlobs, parameterTypes: [.int2, .int4])
}
