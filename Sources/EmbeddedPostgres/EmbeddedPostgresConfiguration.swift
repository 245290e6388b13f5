public import Logging

/// Where the private cluster belongs and how its server is to run.
public struct EmbeddedPostgresConfiguration: Sendable {
    /// The directory of everything `up` keeps; made when absent.
    public var home: String

    /// The directory that holds `postgres` and `initdb`; nil to look where Debian and `PATH` have them.
    public var binaries: String?

    /// The user that the server runs as when we are root; nil for `postgres`, else `account-ledger`.
    public var systemUser: String?

    /// Server settings that replace or complete ours, by their PostgreSQL names.
    ///
    /// Those that decide where the server listens and who may enter are reserved.
    public var settings: [String: String]

    /// How long a start may take, crash recovery included, before it counts as failed.
    public var startTimeout: Duration

    /// How long a fast shutdown may take before the server is made to stop at once.
    ///
    /// Nothing committed is lost by that: the next start replays the write-ahead log.
    public var stopTimeout: Duration

    /// Where the rare remarks go: a new cluster, a server of an earlier life that had to be stopped.
    public var logger: Logger

    /// Describes the cluster of `home`.
    public init(
        home: String,
        binaries: String? = nil,
        systemUser: String? = nil,
        settings: [String: String] = [:],
        startTimeout: Duration = .seconds(600),
        stopTimeout: Duration = .seconds(60),
        logger: Logger = Logger(label: "embedded-postgres") { _ in SwiftLogNoOpLogHandler() }
    ) {
        self.home = home
        self.binaries = binaries
        self.systemUser = systemUser
        self.settings = settings
        self.startTimeout = startTimeout
        self.stopTimeout = stopTimeout
        self.logger = logger
    }
}
