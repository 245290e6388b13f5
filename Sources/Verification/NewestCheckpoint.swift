public import PostgresClient
public import Transparency

/// The newest checkpoint that stands in the database.
public enum NewestCheckpoint {
    /// Reads it; nil when nothing is sealed, or when what stands there is no signed note.
    public static func read(log: Int16 = 0, on connection: PostgresConnection) throws -> SignedNote? {
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(statement, parameters)
        return rows.count > 0 ? try? SignedNote(rows.string(0, 2)) : nil
    }

    /// Why a checkpoint cannot be believed to be of this log; nil when it can.
    public static func refusal(of note: SignedNote, origin: String, verifiers: [VerifierKey]) -> String? {
        switch CheckpointJudge(origin: origin, verifiers: verifiers).judge(note) {
        case .success: nil
        case .failure(let refusal): refusal.reason
        }
    }

    static let statement = PostgresStatement(
        Statement.findNewestCheckpoint, parameterTypes: [.int2], isReadOnly: true)
}
