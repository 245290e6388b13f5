public import PostgresClient

/// The partitions of the log: made ahead of its head, and planned for anew once the newest holds rows.
public enum LogPartitions {
    /// How many positions a partition holds.
    public static let size: Int64 = 20_000_000
    private static let ahead: Int32 = 2

    /// Makes partitions as far as too few empty ones lie ahead of the head.
    ///
    /// - Throws: `PostgresError`.
    public static func ensure(_ log: Int16, on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(size)
        parameters.append(ahead)
        try connection.query(ensurePartitions, parameters)
    }

    /// Has the head's partition analysed when nobody has since it got its thousand rows: plans that were made while it was
    /// empty would walk it for ever.
    ///
    /// - Returns: whether the partition needs no further look for now.
    /// - Throws: `PostgresError`.
    public static func settle(_ log: Int16, on connection: PostgresConnection) throws -> Bool {
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(findUnsettled, parameters)
        guard rows.count > 0 else { return false }
        let (position, isPlanned, isFilled) = (try rows.int64(0, 0), try rows.bool(0, 1), try rows.bool(0, 2))
        guard !isPlanned else { return true }
        guard isFilled else { return false }
        var place = PostgresParameters()
        place.append(position)
        try connection.query(settlePartition, place)
        return true
    }

    private static let ensurePartitions = PostgresStatement(
        Statement.ensurePartitions, parameterTypes: [.int2, .int8, .int4])
    private static let settlePartition = PostgresStatement(Statement.settlePartition, parameterTypes: [.int8])
    private static let findUnsettled = PostgresStatement(
        Statement.findUnsettled, parameterTypes: [.int2], isReadOnly: true)
}
