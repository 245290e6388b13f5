import EmbeddedPostgres
import Glibc
import Logging
import PostgresClient
import PostgresLedger
import PostgresTransparency
import Projector

/// The private cluster of `up`, its database and the roles the service connects as.
///
/// The service never runs as the owner of the log: it connects as two users who are members of the group roles, while
/// only the start, which migrates, is the cluster's superuser.
struct EmbeddedDatabase: Sendable {
    private static let name = "ledger"
    private static let gateway = "ledger_service_gateway"
    private static let projector = "ledger_service_projector"

    let cluster: EmbeddedPostgres
    private let logger: Logger

    /// Starts the cluster; blocks.
    ///
    /// - Throws: `CommandFailure` with the reason.
    static func start(_ configuration: LedgerConfiguration, logger: Logger) throws -> EmbeddedDatabase {
        do throws(EmbeddedPostgresError) {
            let cluster = try EmbeddedPostgres.start(
                EmbeddedPostgresConfiguration(
                    home: configuration.home, binaries: configuration.value("LEDGER_POSTGRES_BIN"), logger: logger))
            return EmbeddedDatabase(cluster: cluster, logger: logger)
        } catch {
            switch error.kind {
            case .alreadyRunning: throw CommandFailure(.temporary, error.description)
            case .failedToStart, .stopped: throw CommandFailure(.failure, error.description)
            case .missingServer, .missingUser, .unusablePlace, .lostCluster, .invalidSetting:
                throw CommandFailure(.configuration, error.description)
            }
        }
    }

    /// Whether a cluster was made for this home.
    static func isMade(home: String) -> Bool { access("\(home)/cluster", F_OK) == 0 }

    /// The address of the database that an `up` serves in `home`; nil when none runs there.
    static func runningURL(home: String) -> String? {
        EmbeddedPostgres.runningURL(home: home, user: gateway, database: name)
    }

    var gatewayURL: String { cluster.connectionURL(user: Self.gateway, database: Self.name) }
    var projectorURL: String { cluster.connectionURL(user: Self.projector, database: Self.name) }
    private var ownerURL: String { cluster.connectionURL(user: "postgres", database: Self.name) }

    /// Makes database, schema, roles and keys as far as they are missing, and opens the log; blocks.
    ///
    /// - Returns: the keys, and the log's name.
    func prepare(_ configuration: LedgerConfiguration) throws -> (keys: KeyFiles.Contents, origin: String) {
        try Database.explained {
            let connection = try connect()
            defer { connection.close() }
            let files = KeyFiles(home: configuration.home)
            let migrator = Migrator(logger: logger)
            // Before anything is changed: a newer database, or one whose keys are gone, stays as it is.
            _ = try migrator.outstanding(on: connection)
            let stored = try LogOpening.origin(on: connection)
            let name =
                configuration.value("LEDGER_ORIGIN") ?? stored ?? configuration.newOrigin(needsDomain: false)
            let keys = try files.prepare(
                hasLog: stored != nil, domain: configuration.domain,
                origin: stored ?? name ?? "\(configuration.domain)/log")
            let opening = LogOpening(keys: keys.secrets.keys)
            if stored != nil { _ = try opening.open(origin: name, on: connection) }
            try migrator.migrate(on: connection)
            try connection.execute(script: Self.makeUsers)
            let origin = try opening.open(origin: name, on: connection)
            try SigningKeyCheck.check(keys.signingKey, former: keys.formerKeys, on: connection)
            try Projections.register(
                ShippedProjections.all(keys.secrets.master), on: connection, logger: logger)
            return (keys, origin)
        }
    }

    /// A session of the owner on the service's database, which is made when there is none.
    func ownerSession() throws -> PostgresConnection { try connect() }

    /// Makes the users that the service connects as; the schema must be there.
    static func addUsers(on connection: PostgresConnection) throws { try connection.execute(script: makeUsers) }

    /// A session of the owner, in a database that is made when this cluster never had one.
    private func connect() throws -> PostgresConnection {
        if !cluster.isNew {
            do { return try PostgresConnection(Migrator.session(url: ownerURL)) } catch {
                // The start that made the cluster was killed before it came to this.
                guard error.message.contains("does not exist") else { throw error }
            }
        }
        let url = cluster.connectionURL(user: "postgres", database: "postgres")
        let connection = try PostgresConnection(Migrator.session(url: url))
        defer { connection.close() }
        do { try connection.execute(script: "CREATE DATABASE \(Self.name)") } catch {
            guard error.sqlState == "42P04" else { throw error }
        }
        return try PostgresConnection(Migrator.session(url: ownerURL))
    }

    private static let makeUsers = """
        DO $$
        BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(gateway)') THEN
            CREATE ROLE \(gateway) LOGIN IN ROLE ledger_gateway;
          END IF;
          IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(projector)') THEN
            CREATE ROLE \(projector) LOGIN IN ROLE ledger_projector;
          END IF;
        END $$
        """
}
