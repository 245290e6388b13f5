import Logging
import PostgresClient
import PostgresTransparency

/// Leaves one checkpoint an hour of those that are older than a day (docs/transparency.md).
struct CheckpointThinner: Chore {
    var pause: Duration = .seconds(600)
    let trouble: Logger.Message? = "old checkpoints cannot be thinned out"
    var log: Int16 = 0
    let mayWrite: @Sendable () -> Bool

    func round(_ thread: PostgresThread) async throws {
        guard mayWrite() else { return }
        let log = log
        while try await thread.perform({ try CheckpointThinning.thin(log, on: $0) }) > 0, !Task.isCancelled {}
    }
}
