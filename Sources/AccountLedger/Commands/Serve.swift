import ArgumentParser
import DoorKit
import Logging
import Transparency

/// `serve`: the gateway on a PostgreSQL of its operator's.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer HTTP on the database of LEDGER_DATABASE_URL.",
        discussion: """
            Needs LEDGER_DATABASE_URL (a member of role ledger_gateway), LEDGER_ROOT_KEY, LEDGER_MASTER_KEY and \
            LEDGER_KEYRING_FILE, and a schema made by `migrate`; LEDGER_SIGNING_KEY for sealing the log. SIGTERM or \
            SIGINT ends it in order: readiness goes off, requests under way finish; a second signal ends it at once. \
            SIGHUP reads the keyring again. A database behind the checkpoint in LEDGER_CHECKPOINT_DIR is not written \
            to, unless --accept-rollback gives that checkpoint up.
            """)

    @Flag(help: "Give up the history of the kept checkpoint, and go on under another origin.")
    var acceptRollback = false

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    mutating func run() async throws {
        let configuration = try options.load()
        let logger = LineLogHandler.logger("account-ledger", level: configuration.logLevel)
        let url = try configuration.required("LEDGER_DATABASE_URL", for: "serve")
        let root = try configuration.required("LEDGER_ROOT_KEY", for: "serve")
        let secrets = try LedgerSecrets(configuration, for: "serve")
        let stored = try await Database.check(
            Gateway.session(url), secrets: secrets, origin: configuration.newOrigin(needsDomain: true), logger: logger)
        let (origin, refusal) = try await RollbackCheck.settle(
            configuration, Gateway.session(url), secrets, origin: stored, accepts: acceptRollback, logger: logger)
        let signingKey = try LogSigningKey.configured(configuration, origin: origin)
        let formerKeys = try FormerKeys.configured(configuration, origin: origin)
        if let signingKey { try await Database.check(signingKey, formerKeys, Gateway.session(url)) }
        let gateway = try Gateway(
            configuration,
            .init(
                databaseURL: url, secrets: secrets, root: root, origin: origin, signingKey: signingKey,
                formerKeys: formerKeys, refusal: refusal),
            logger: logger,
            onListening: { listening in
                logger.notice("serving", metadata: ["host": "\(listening.host)", "port": "\(listening.port)"])
            })
        try await Roles.run(gateway.services, limit: Roles.limit(configuration), logger: logger)
        logger.notice("ended in order")
    }
}
