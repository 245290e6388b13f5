import EventCoding
import Logging
import PostgresClient
import Projector
import ServiceLifecycle

/// The projector role: the workers that keep the read models.
struct ProjectorService: Service {
    let projector: Projector
    private let housekeeping: Housekeeping

    /// The workers on a database; `listens` when appenders of other processes are to be heard.
    init(
        _ configuration: LedgerConfiguration, databaseURL: String, secrets: LedgerSecrets, keyring: LoadedKeyring,
        listens: Bool, logger: Logger
    ) {
        var rebuilding = RebuildSettings()
        rebuilding.memoryBytes = configuration.rebuildMemoryBytes
        projector = Projector(
            configuration: Self.session(databaseURL),
            projections: ShippedProjections.all(secrets.master),
            keyring: keyring, workers: configuration.workers, listens: listens,
            rebuilding: rebuilding, logger: logger)
        housekeeping = Housekeeping(
            Self.session(databaseURL), [KeyringKeeper(keyring, wraps: false, logger: logger)], logger: logger)
    }

    static func session(_ url: String) -> PostgresConfiguration {
        PostgresConfiguration(url: url, applicationName: "account-ledger projector")
    }

    func run() async throws {
        async let keeping: Void = housekeeping.run()
        await cancelWhenGracefulShutdown { await projector.run() }
        try await keeping
    }
}
