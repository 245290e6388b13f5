public import PostgresClient
public import PostgresLedger
public import Transparency

/// What a sealer works with.
public struct SealerConfiguration: Sendable {
    /// A database whose user is a member of `ledger_gateway`.
    public var session: PostgresConfiguration
    /// Which log.
    public var log: Int16 = 0
    /// The log's name: the first line of its checkpoints.
    public var origin: String
    /// Signs checkpoints; without it the sealer only watches what others seal.
    public var key: SigningKey?
    /// Keys that signed before it, of which some go on beside it.
    public var former = FormerKeys()
    /// What this gateway appended.
    public var appended: AppendedLeaves?
    /// How many events a checkpoint adds at most, so that a long backlog is sealed in steps of bounded memory and time.
    public var step: Int64 = 100_000
    /// Asynchronous standbys that may be promoted, by their application names.
    ///
    /// Only what all of them have on disk is signed; a user needs `pg_read_all_stats` to see how much that is.
    public var standbys: [String] = []
    /// The least time between two checkpoints, in milliseconds: after a rest, and under load.
    public var pauses: ClosedRange<Int> = 200...600
    /// Keeps a checkpoint outside the database.
    ///
    /// Called on the sealer's thread once the checkpoint stands for good, for those of other gateways too. What it throws
    /// is logged, and the checkpoint stands all the same.
    public var keep: @Sendable (SealedCheckpoint) throws -> Void = { _ in }

    /// A sealer that signs with `key`.
    public init(session: PostgresConfiguration, origin: String, key: SigningKey?) {
        self.session = session
        self.origin = origin
        self.key = key
    }

    /// The session of the sealer's thread.
    ///
    /// Nothing may be published that a crash could take back, so commits wait for the disk, and for a synchronous
    /// standby where there is one. The rows are read in order by their index, whatever the statistics say.
    var sealingSession: PostgresConfiguration {
        var session = session
        session.synchronousCommit = "on"
        session.statementTimeoutMilliseconds = 60_000
        session.session.merge(
            [
                "plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_bitmapscan": "off",
                "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
                "max_parallel_workers_per_gather": "0",
            ]
        ) { given, _ in given }
        return session
    }
}
