import Glibc

/// How rebuilds are done that somebody asks this process for.
public struct RebuildSettings: Sendable {
    /// How many bytes a rebuild may take beside what the process used before (`LEDGER_REBUILD_MEMORY`).
    public var memoryBytes = 300 << 20
    /// How many threads fold; the number of cores when not given.
    public var jobs = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    /// How long a rebuild belongs to a process that is not heard of.
    public var leaseMilliseconds: Int32 = 10_000
    /// How long a replaced version, or a scratch one, is kept.
    public var keepSeconds: Int32 = 86_400
    /// How many rows are read at one time, when they are small.
    public var chunkRows: Int32 = 4_000

    /// The defaults.
    public init() {}
}
