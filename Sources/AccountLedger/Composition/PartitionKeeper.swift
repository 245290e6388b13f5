import Logging
import PostgresClient
import PostgresLedger
import ServiceLifecycle

/// Keeps empty partitions of the log ahead of its head, and has the newest one planned for once it holds rows.
///
/// Every gateway has one; the functions see to it that two do not work at once.
struct PartitionKeeper: Service {
    /// While the newest partition is not settled yet it may fill by the second.
    private static let eagerPause: Duration = .seconds(2)
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
                var isSettled = false
                do {
                    let log = log
                    isSettled = try await thread.perform { connection in
                        try LogPartitions.ensure(log, on: connection)
                        return try LogPartitions.settle(log, on: connection)
                    }
                    isFailing = false
                } catch {
                    if !isFailing, !Task.isCancelled {
                        logger.warning("partitions cannot be made", metadata: ["error": "\(error)"])
                    }
                    isFailing = true
                }
                try? await Task.sleep(for: isSettled ? Self.pause : Self.eagerPause)
            }
        }
        await thread.close()
    }
}
