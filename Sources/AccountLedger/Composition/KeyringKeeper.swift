import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import ServiceLifecycle

/// Keeps the keyring in use level with the epochs that the database has.
///
/// After a rotation every gateway soon wraps under the new epoch, and after a retirement none holds the old key any more,
/// without anybody telling it; a keyring file that lacks an epoch is told of at once and not when somebody is missed.
struct KeyringKeeper: Service {
    private static let pause: Duration = .seconds(2)

    private let configuration: PostgresConfiguration
    private let keyring: LoadedKeyring
    private let logger: Logger

    init(_ configuration: PostgresConfiguration, keyring: LoadedKeyring, logger: Logger) {
        self.configuration = configuration
        self.keyring = keyring
        self.logger = logger
    }

    func run() async throws {
        let thread = PostgresThread(configuration, name: "keyring")
        await cancelWhenGracefulShutdown {
            var told: [Int32] = []
            var present = keyring.current.current
            while !Task.isCancelled {
                // A database that is away is told of by those who need it.
                if let epochs = try? await thread.perform({ try KeyEpochs.known(on: $0) }) {
                    let unusable = keyring.learn(epochs)
                    if unusable != told { tell(unusable, before: told) }
                    told = unusable
                }
                if keyring.current.current != present {
                    present = keyring.current.current
                    logger.notice("wraps new keys under another epoch", metadata: ["epoch": "\(present)"])
                }
                try? await Task.sleep(for: Self.pause)
            }
        }
        await thread.close()
    }

    private func tell(_ unusable: [Int32], before: [Int32]) {
        for epoch in unusable where !before.contains(epoch) {
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
