import Logging
import PostgresClient
import PostgresLedger
import ServiceLifecycle

/// Keeps empty partitions of the log ahead of its head.
///
/// Every gateway has one; the function sees to it that two do not work at once. Having the newest partition planned for
/// is the sealer's, which comes by more often.
struct PartitionKeeper: Service {
    private static let pause: Duration = .seconds(30)

    private let configuration: PostgresConfiguration
    private let log: Int16
    private let logger: Logger

    init(_ configuration: PostgresConfiguration, log: Int16 = 0, logger: Logger) {
        self.configuration = configuration
        self.log = log
        self.logger = logger
    }

    func run() async throws {
        let thread = PostgresThread(configuration, name: "partitions")
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                do {
                    let log = log
                    try await thread.perform { connection in try LogPartitions.ensure(log, on: connection) }
                    isFailing = false
                } catch {
                    if !isFailing, !Task.isCancelled {
                        logger.warning("partitions cannot be made", metadata: ["error": "\(error)"])
                    }
                    isFailing = true
                }
                try? await Task.sleep(for: Self.pause)
            }
        }
        await thread.close()
    }
}
