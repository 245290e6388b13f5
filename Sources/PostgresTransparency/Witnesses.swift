public import Logging
public import PostgresClient
import Synchronization
public import Transparency

/// Offers what is sealed to witnesses, and keeps what they cosign below the checkpoint (docs/transparency.md).
///
/// It follows the sealer and never holds it up: one offer at a time is under way to each witness.
public final class Witnesses: Sendable {
    private let lines: [any WitnessLine]
    private let sealer: Sealer
    private let log: any SealedLog
    private let session: PostgresConfiguration
    private let found = Mutex<[String: String]>([:])
    private let logger: Logger

    /// Offers that are not made yet; they need a database whose user is a member of `ledger_gateway`.
    public init(
        _ lines: [any WitnessLine], sealer: Sealer, log: any SealedLog, session: PostgresConfiguration, logger: Logger
    ) {
        self.lines = lines
        self.sealer = sealer
        self.log = log
        self.session = session
        self.logger = logger
    }

    /// Works until the task is cancelled.
    public func run() async {
        let thread = PostgresThread(session, name: "witnesses")
        await withTaskGroup(of: Void.self) { group in
            for line in lines {
                let published = sealer.published()
                group.addTask { [self] in
                    var offers = WitnessOffers(
                        line: line, log: log, number: sealer.log, thread: thread, logger: logger,
                        alarm: { [self] text in found.withLock { $0[line.witness.key.mark] = text } })
                    await offers.run(published)
                }
            }
        }
        await thread.close()
    }

    /// What an operator must look at, one sentence each.
    public var alarms: [String] {
        let found = found.withLock { $0 }.sorted { $0.key < $1.key }
        return found.map { "the witness \($0.key) does not cosign: \($0.value)" }
    }
}
