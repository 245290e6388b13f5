import EventCoding
import Foundation
import Logging
public import PostgresClient
public import PostgresLedger
import Synchronization

/// A database of its own for one test, with every migration applied and the log opened.
public struct TestDatabase: Sendable {
    /// Its name.
    public let name: String
    /// The secrets that its log was opened with.
    public let keys: LedgerKeys

    /// Makes one, as a copy of a template that was migrated once.
    public static func make() throws -> TestDatabase {
        let keys = try template.get()
        let name = "ledger_test_\(getpid())_\(next.wrappingAdd(1, ordering: .relaxed).newValue)"
        // A template must have no other connection, so copies are made one at a time.
        try copying.withLock { _ in
            let connection = try TestCluster.connect()
            try connection.execute(script: "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
            try connection.execute(script: "CREATE DATABASE \(name) TEMPLATE \(templateName) STRATEGY file_copy")
            try connection.execute(script: "REVOKE ALL ON DATABASE \(name) FROM PUBLIC")
            try connection.execute(
                script: "GRANT CONNECT ON DATABASE \(name) TO ledger_gateway, ledger_projector, ledger_reader")
            connection.close()
        }
        return TestDatabase(name: name, keys: keys)
    }

    /// Makes another with the same rows; nobody may be connected to this one.
    public func copy() throws -> TestDatabase {
        let copy = "ledger_test_\(getpid())_\(Self.next.wrappingAdd(1, ordering: .relaxed).newValue)"
        try Self.copying.withLock { _ in
            let connection = try TestCluster.connect()
            try connection.execute(script: "CREATE DATABASE \(copy) TEMPLATE \(name) STRATEGY file_copy")
            connection.close()
        }
        return TestDatabase(name: copy, keys: keys)
    }

    /// An empty database beside it, without a schema, for the same keys.
    public func emptyNeighbour() throws -> TestDatabase {
        let name = "ledger_test_\(getpid())_\(Self.next.wrappingAdd(1, ordering: .relaxed).newValue)"
        let connection = try TestCluster.connect()
        try connection.execute(script: "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        try connection.execute(script: "CREATE DATABASE \(name) TEMPLATE template0")
        connection.close()
        return TestDatabase(name: name, keys: keys)
    }

    /// Drops it.
    public func drop() throws {
        let connection = try TestCluster.connect()
        try connection.execute(script: "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
        connection.close()
    }

    /// A connection string to it: as a superuser, or as a role of the service.
    public func url(role: String? = nil) -> String { Self.url(database: name, role: role) }

    /// How to connect to it.
    public func configuration(role: String? = nil, session: [String: String] = [:]) -> PostgresConfiguration {
        PostgresConfiguration(url: url(role: role), applicationName: "tests", session: session)
    }

    /// The login roles that tests use, members of the service's groups.
    public static let gatewayRole = "ledger_test_gateway"
    /// The projector's.
    public static let projectorRole = "ledger_test_projector"

    // MARK: - The template

    private static let templateName = "ledger_test_template_\(getpid())"
    private static let next = Atomic<Int>(0)
    private static let copying = Mutex<Void>(())

    private static let template: Result<LedgerKeys, any Error> = Result {
        let keys = LedgerKeys(keyring: Keyring.make(), master: MasterKey.make())
        let server = try TestCluster.connect()
        try server.execute(script: "DROP DATABASE IF EXISTS \(templateName) WITH (FORCE)")
        try server.execute(script: "CREATE DATABASE \(templateName)")
        server.close()
        let connection = try PostgresConnection(Migrator.session(url: url(database: templateName, role: nil)))
        _ = try Migrator(logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }).migrate(on: connection)
        _ = try LogOpening(keys: keys).open(origin: "test.example.org/log", on: connection)
        for (role, group) in [(gatewayRole, "ledger_gateway"), (projectorRole, "ledger_projector")] {
            try connection.execute(
                script: """
                    DO $$ BEGIN
                      IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '\(role)') THEN
                        CREATE ROLE \(role) LOGIN IN ROLE \(group);
                      END IF;
                    END $$
                    """)
        }
        connection.close()
        return keys
    }

    private static func url(database: String, role: String?) -> String {
        var url = TestCluster.url
        if url.hasPrefix("postgres") {
            // A URI: another database in its path, another user in its parameters.
            var components = URLComponents(string: url)
            components?.path = "/" + database
            if let role { components?.user = role }
            return components?.string ?? url
        }
        url += " dbname=\(database)"
        if let role { url += " user=\(role)" }
        return url
    }
}
