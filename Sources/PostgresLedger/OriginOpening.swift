public import PostgresClient

/// Gives a log that was set back its next name.
public enum OriginOpening {
    /// Renames the log; the event that says why must stand among its last.
    ///
    /// - Throws: `PostgresError`.
    public static func open(
        _ next: String, after origin: String, log: Int16 = 0, on connection: PostgresConnection
    ) throws {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(origin)
        parameters.append(next)
        try connection.query(statement, parameters)
    }

    private static let statement = PostgresStatement(
        Statement.openOrigin, parameterTypes: [.int2, .text, .text])
}
