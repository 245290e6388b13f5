import ArgumentParser
import DoorKit
import EmbeddedPostgres
import Logging
import Projector

/// `up`: every role in one process, on a private PostgreSQL that is made when there is none.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run everything on a private PostgreSQL in LEDGER_HOME.",
        discussion: """
            Makes a PostgreSQL cluster and keys in LEDGER_HOME when there are none, brings the schema up to date, and \
            runs gateway and projector. Keys are never made anew: keep a copy of LEDGER_HOME/keys elsewhere. SIGTERM \
            or SIGINT ends everything in order, PostgreSQL last; a second signal ends the process at once.
            """)

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    mutating func run() async throws {
        let configuration = try options.load()
        for name in ["LEDGER_DATABASE_URL", "LEDGER_PROJECTOR_URL", "LEDGER_OWNER_URL"] where configuration.isSet(name)
        {
            throw LedgerSecrets.failure(name, "is for serve, project and migrate; up has a database of its own")
        }
        for name in ["LEDGER_ROOT_KEY", "LEDGER_MASTER_KEY", "LEDGER_KEYRING_FILE", "LEDGER_SIGNING_KEY"]
        where configuration.isSet(name) {
            throw LedgerSecrets.failure(name, "is for serve and project; up has keys of its own in LEDGER_HOME/keys")
        }
        let logger = LineLogHandler.logger("account-ledger", level: configuration.logLevel)
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
        let (keys, origin) = try await onThread { try database.prepare(configuration) }
        let projector = ProjectorService(
            configuration, databaseURL: database.projectorURL, secrets: keys.secrets,
            keyring: keys.secrets.loadedKeyring(), listens: false, logger: logger)
        let mail = MailService(
            configuration,
            .init(databaseURL: database.projectorURL, keyring: keys.secrets.loadedKeyring(), origin: origin),
            folder: configuration.home + "/outbox", logger: logger)
        let gateway = try Gateway(
            configuration,
            .init(databaseURL: database.gatewayURL, secrets: keys.secrets, root: keys.root, origin: origin),
            logger: logger, onGrowth: { _ in projector.projector.wake() },
            onListening: { listening in
                RunningAddress(home: configuration.home).leave(Self.url(configuration, listening))
                Self.greet(configuration, listening, origin: origin)
            })
        try await Roles.run(
            [ClusterWatch(cluster: database.cluster, logger: logger), projector, mail] + gateway.services,
            limit: Roles.limit(configuration), logger: logger)
    }

    /// Says where it runs and how to call it, so that the first request is one copy away.
    private static func greet(_ configuration: LedgerConfiguration, _ listening: Listening, origin: String) {
        let local = ServiceURL(host: configuration.localURL.host, port: listening.port)
        let url = url(configuration, listening)
        let key = KeyFiles(home: configuration.home).root
        let lines = [
            "\(Style.bold("Account Ledger")) is ready on \(Style.green(url.description)) (log \(origin))",
            "  root's key   \(key)",
            "  first call   curl -H \"Authorization: Bearer $(cat \(Self.quoted(key)))\" \(local)/v1/head",
            "  from here    account-ledger bootstrap --help, show, replay --follow, projections, health",
        ]
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
