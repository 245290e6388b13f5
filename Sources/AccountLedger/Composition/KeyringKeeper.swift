import EventCoding
import Logging
import PostgresClient
import PostgresLedger

/// Keeps the keyring in use level with the epochs that the database has.
///
/// After a rotation every gateway soon wraps under the new epoch, and after a retirement none holds the old key any more,
/// without anybody telling it; a keyring file that lacks an epoch is told of at once and not when somebody is missed.
struct KeyringKeeper: Chore {
    let pause: Duration = .seconds(2)
    /// A database that is away is told of by those who need it.
    let trouble: Logger.Message? = nil

    private let keyring: LoadedKeyring
    private let wraps: Bool
    private let logger: Logger
    private var told: [Int32] = []
    private var present: Int32

    /// A keeper of a keyring; `wraps` when new keys are wrapped with it, which is worth a line when it changes.
    init(_ keyring: LoadedKeyring, wraps: Bool = true, logger: Logger) {
        self.keyring = keyring
        self.wraps = wraps
        self.logger = logger
        present = keyring.current.current
    }

    mutating func round(_ thread: PostgresThread) async throws {
        defer { tellOfEpoch() }
        let unusable = keyring.learn(try await thread.perform { try KeyEpochs.known(on: $0) })
        if unusable != told { tell(unusable) }
        told = unusable
    }

    private mutating func tellOfEpoch() {
        guard keyring.current.current != present else { return }
        present = keyring.current.current
        if wraps { logger.notice("wraps new keys under another epoch", metadata: ["epoch": "\(present)"]) }
    }

    private func tell(_ unusable: [Int32]) {
        for epoch in unusable where !told.contains(epoch) {
            let isWrong = keyring.current.numbers.contains(epoch)
            logger.error(
                isWrong
                    ? "the keyring file holds another key for an epoch that is in use"
                    : "the keyring file lacks an epoch that is in use; streams under it are refused until it is there",
                metadata: ["epoch": "\(epoch)"])
        }
        if unusable.isEmpty { logger.notice("the keyring file holds every epoch in use again") }
    }
}
