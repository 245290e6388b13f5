import ArgumentParser
import DoorKit
import EmbeddedPostgres
import Logging
import Projector
import Transparency

/// `up`: every role in one process, on a private PostgreSQL that is made when there is none.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run everything on a private PostgreSQL in LEDGER_HOME.",
        discussion: """
            Makes a PostgreSQL cluster and keys in LEDGER_HOME when there are none, brings the schema up to date, and \
            runs gateway and projector. Keys are never made anew: keep a copy of LEDGER_HOME/keys elsewhere. SIGTERM \
            or SIGINT ends everything in order, PostgreSQL last; a second signal ends the process at once.
            """)

    @Flag(help: "Give up the history of the kept checkpoint, and go on under another origin.")
    var acceptRollback = false

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    mutating func run() async throws {
        let configuration = try options.load()
        for name in ["LEDGER_DATABASE_URL", "LEDGER_PROJECTOR_URL", "LEDGER_OWNER_URL"] where configuration.isSet(name)
        {
            throw LedgerSecrets.failure(name, "is for serve, project and migrate; up has a database of its own")
        }
        for name in [
            "LEDGER_ROOT_KEY", "LEDGER_MASTER_KEY", "LEDGER_KEYRING_FILE", "LEDGER_SIGNING_KEY",
            "LEDGER_FORMER_SIGNING_KEYS",
        ]
        where configuration.isSet(name) {
            throw LedgerSecrets.failure(name, "is for serve and project; up has keys of its own in LEDGER_HOME/keys")
        }
        let logger = LineLogHandler.logger("account-ledger", level: configuration.logLevel)
        // Where there is a home already, its own `up` may be who listens, which is told better below.
        if !EmbeddedDatabase.isMade(home: configuration.home) {
            try PortProbe.check(host: configuration.host, port: configuration.port)
        }
        let database = try await onThread { try EmbeddedDatabase.start(configuration, logger: logger) }
        do {
            try await run(configuration, database, logger)
        } catch {
            try await onThread { database.cluster.stop() }
            throw error
        }
        try await onThread { database.cluster.stop() }
        logger.notice("ended in order")
    }

    private func run(
        _ configuration: LedgerConfiguration, _ database: EmbeddedDatabase, _ logger: Logger
    ) async throws {
        let (keys, stored) = try await onThread { try database.prepare(configuration) }
        let (origin, refusal) = try await RollbackCheck.settle(
            configuration, Gateway.session(database.gatewayURL), keys.secrets, origin: stored, accepts: acceptRollback,
            logger: logger)
        let signingKey = keys.signingKey.named(origin) ?? keys.signingKey
        // One keyring for both, for the projector is who keeps it level with the epochs.
        let keyring = keys.secrets.loadedKeyring()
        let projector = ProjectorService(
            configuration, databaseURL: database.projectorURL, secrets: keys.secrets, keyring: keyring,
            listens: false, logger: logger)
        let mail = MailService(
            configuration, .init(databaseURL: database.projectorURL, keyring: keyring, origin: origin),
            folder: configuration.home + "/outbox", logger: logger)
        let gateway = try Gateway(
            configuration,
            .init(
                databaseURL: database.gatewayURL, secrets: keys.secrets, root: keys.root, origin: origin,
                signingKey: signingKey, formerKeys: keys.formerKeys.named(origin), refusal: refusal),
            logger: logger, onGrowth: { _ in projector.projector.wake() },
            onListening: { listening in
                RunningAddress(home: configuration.home).leave(Self.url(configuration, listening))
                Self.greet(configuration, listening, signingKey, refusal)
            })
        try await Roles.run(
            [ClusterWatch(cluster: database.cluster, logger: logger), projector] + (mail.map { [$0] } ?? [])
                + gateway.services,
            limit: Roles.limit(configuration), logger: logger)
    }

    /// Says where it runs and how to call it, so that the first request is one copy away.
    private static func greet(
        _ configuration: LedgerConfiguration, _ listening: Listening, _ signingKey: SigningKey, _ refusal: String?
    ) {
        let local = ServiceURL(host: configuration.localURL.host, port: listening.port)
        let url = url(configuration, listening)
        let key = KeyFiles(home: configuration.home).root
        let state = refusal == nil ? "is ready" : Style.red("answers reads only")
        var lines = [
            "\(Style.bold("Account Ledger")) \(state) on \(Style.green(url.description)) (log \(signingKey.name))",
            "  root's key   \(key)",
            "  log's key    \(signingKey.verifier)",
            "  first call   curl -H \"Authorization: Bearer $(cat \(Self.quoted(key)))\" \(local)/v1/head",
            "  from here    account-ledger bootstrap --help, show, replay --follow, projections, health",
        ]
        if let refusal {
            lines.append("  nothing is written: \(refusal)")
            lines.append(
                "  restore the right database, or give up what was lost with: account-ledger up --accept-rollback")
        }
        Output.line(lines.joined(separator: "\n"))
    }

    private static func url(_ configuration: LedgerConfiguration, _ listening: Listening) -> ServiceURL {
        configuration.isSet("LEDGER_PUBLIC_URL")
            ? configuration.publicURL : ServiceURL(host: configuration.localURL.host, port: listening.port)
    }

    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { byte in
            switch byte {
            case 0x2d...0x3a, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"): true
            default: false
            }
        }
        guard !isPlain else { return path }
        let parts = path.split(separator: "'", omittingEmptySubsequences: false)
        return "'\(parts.joined(separator: "'\\''"))'"
    }
}
