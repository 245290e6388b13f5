public import PostgresClient

/// Has the checkpoints of long ago thinned out to one an hour (`ledger.thin_checkpoints`).
///
/// Under load the sealer signs two in a second or so, which nobody misses once they are a day old: the newest one proves
/// all that they did.
public enum CheckpointThinning {
    /// Takes some away, each time in one bounded step; blocks.
    ///
    /// - Returns: how many; 0 when nothing was left to be taken.
    /// - Throws: `PostgresError`.
    public static func thin(_ log: Int16, on connection: PostgresConnection) throws -> Int {
        var parameters = PostgresParameters()
        parameters.append(log)
        return Int(try connection.query(Statement.thinCheckpoints, parameters).int32(0, 0))
    }
}
