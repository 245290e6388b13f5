public import PostgresClient
public import Transparency

/// A signing key that is not the one this log's checkpoints were signed with.
public struct SigningKeyMismatch: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence for the operator, without a line break.
    public let description: String
}

/// Compares the signing key with the newest checkpoint at the start of a gateway, before anything is signed.
public enum SigningKeyCheck {
    /// Looks whether the newest checkpoint carries a signature of this key.
    ///
    /// A log that was signed by another key must not go on under this one, unless that one is named as a former key: its
    /// readers would take it for another log.
    ///
    /// - Throws: ``SigningKeyMismatch``, `PostgresError`.
    public static func check(
        _ key: SigningKey, former: FormerKeys = FormerKeys(), log: Int16 = 0, on connection: PostgresConnection
    ) throws {
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(Statement.findNewestCheckpoint, parameters)
        guard rows.count > 0 else { return }
        let newest = try rows.sealedCheckpoint(0, from: 0)
        do throws(TransparencyError) {
            _ = try Checkpoint(verifying: SignedNote(newest.note), ofLog: [key.verifier] + former.verifiers)
        } catch {
            throw SigningKeyMismatch(
                description:
                    "the signing key (LEDGER_SIGNING_KEY, or keys/signing.key beside `up`) is not the one that "
                    + "signed this log's checkpoints: \(error.description)")
        }
    }
}
