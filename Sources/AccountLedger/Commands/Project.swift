import ArgumentParser
import Logging

/// `project`: projector workers on a PostgreSQL of its operator's.
struct Project: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep the read models on the database of LEDGER_PROJECTOR_URL.",
        discussion: """
            Needs LEDGER_PROJECTOR_URL (a member of role ledger_projector), LEDGER_MASTER_KEY and LEDGER_KEYRING_FILE, \
            and a schema made by `migrate`. Any number of processes share the work. SIGTERM or SIGINT ends it after the \
            batch under way; a second signal ends it at once.
            """)

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    mutating func run() async throws {
        let configuration = try options.load()
        let logger = LineLogHandler.logger("account-ledger", level: configuration.logLevel)
        let url = try configuration.required("LEDGER_PROJECTOR_URL", for: "project")
        let secrets = try LedgerSecrets(configuration, for: "project")
        let origin = try await Database.check(
            ProjectorService.session(url), secrets: secrets, origin: configuration.newOrigin(needsDomain: true),
            logger: logger)
        let keyring = secrets.loadedKeyring()
        let projector = ProjectorService(
            configuration, databaseURL: url, secrets: secrets, keyring: keyring, listens: true,
            logger: logger)
        let mail = MailService(
            configuration, .init(databaseURL: url, keyring: keyring, origin: origin), folder: nil, logger: logger)
        logger.notice("projecting", metadata: ["workers": "\(configuration.workers)"])
        try await Roles.run(
            [SignalWatch(keyring: keyring, logger: logger), projector] + (mail.map { [$0] } ?? []),
            limit: Roles.limit(configuration), logger: logger)
        logger.notice("ended in order")
    }
}
