import PostgresClient
import PostgresLedger

/// Has the newest partition planned for anew once it holds rows (`ledger.settle_partition`).
///
/// The sealer does it, because it comes by often enough: a plan made for an empty partition costs every append more
/// with each row.
struct SettledPartition {
    private static let eagerPause = Duration.seconds(2)
    private static let pause = Duration.seconds(30)

    let log: Int16
    private var next = ContinuousClock.now

    init(log: Int16) { self.log = log }

    /// Looks, when it is time to.
    mutating func settle(on connection: PostgresConnection) throws {
        guard ContinuousClock.now >= next else { return }
        let isSettled = try LogPartitions.settle(log, on: connection)
        next = ContinuousClock.now + (isSettled ? Self.pause : Self.eagerPause)
    }
}
