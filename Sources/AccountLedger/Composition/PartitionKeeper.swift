import Logging
import PostgresClient
import ServiceLifecycle

/// Keeps empty partitions of the log ahead of its head, and has the newest one planned for once it holds rows.
///
/// Every gateway has one; the functions see to it that two do not work at once.
struct PartitionKeeper: Service {
    /// How many positions a partition holds.
    static let partitionSize: Int64 = 20_000_000
    private static let ahead: Int32 = 2
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
                        try Self.ensure(log, on: connection)
                        return try Self.settle(log, on: connection)
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

    static func ensure(_ log: Int16, on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(partitionSize)
        parameters.append(ahead)
        try connection.query(ensurePartitions, parameters)
    }

    /// Has the head's partition analysed when nobody has since it got its thousand rows.
    ///
    /// - Returns: whether the partition needs no further look for now.
    static func settle(_ log: Int16, on connection: PostgresConnection) throws -> Bool {
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(findHead, parameters)
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
        "SELECT ledger.ensure_partitions($1, $2, $3)", parameterTypes: [.int2, .int8, .int4])
    private static let settlePartition = PostgresStatement(
        "SELECT ledger.settle_partition($1)", parameterTypes: [.int8])
    private static let findHead = PostgresStatement(
        """
        SELECT h.position, c.reltuples >= 1000,
               EXISTS (SELECT 1 FROM ledger.events e
                        WHERE e.log_id = $1 AND e.position = h.position - 999 AND e.tableoid = h.tableoid)
          FROM (SELECT position, tableoid FROM ledger.events WHERE log_id = $1 ORDER BY position DESC LIMIT 1) h
          JOIN pg_class c ON c.oid = h.tableoid
        """, parameterTypes: [.int2], isReadOnly: true)
}
