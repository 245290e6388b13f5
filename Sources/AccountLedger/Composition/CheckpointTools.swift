import EmbeddedPostgres
import PostgresClient
import PostgresLedger
import Transparency
import Verification

/// What the commands around checkpoints share.
enum CheckpointTools {
    /// The log's name; blocks.
    static func origin(_ access: LedgerAccess) throws -> String {
        let connection = try PostgresConnection(access.session)
        defer { connection.close() }
        guard let origin = try LogOpening.origin(on: connection) else { throw LogMismatch.notOpened }
        return origin
    }

    /// A checkpoint from a file.
    static func read(_ path: String) throws -> SignedNote {
        let bytes: [UInt8]
        do throws(FileFailure) { bytes = try SmallFile.read(path) } catch {
            throw CommandFailure(.configuration, error.description)
        }
        guard let note = try? SignedNote(bytes: bytes), (try? Checkpoint(note.text)) != nil else {
            throw CommandFailure(.configuration, "\(path) does not hold a checkpoint")
        }
        return note
    }
}
