import Logging
import PostgresClient
import PostgresLedger

/// Keeps empty partitions of the log ahead of its head.
///
/// Every gateway has one; the function sees to it that two do not work at once. Having the newest partition planned for
/// is the sealer's, which comes by more often.
struct PartitionKeeper: Chore {
    let pause: Duration = .seconds(30)
    let trouble: Logger.Message? = "partitions cannot be made"
    var log: Int16 = 0

    func round(_ thread: PostgresThread) async throws {
        let log = log
        try await thread.perform { connection in try LogPartitions.ensure(log, on: connection) }
    }
}
