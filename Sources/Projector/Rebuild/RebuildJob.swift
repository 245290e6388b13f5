import AccountDomain
import PostgresClient
import PostgresLedger
import ProjectionKit

/// A rebuild that this process has taken on.
struct RebuildJob: Sendable {
    let id: StreamID
    /// Who works on it: what is committed is committed only while the database names this one.
    let worker: StreamID
    let projection: any Projection
    /// The position of the past that is asked for; nil for the head.
    let upTo: Int64?
    let jobs: Int
    let memoryBytes: Int
    /// The version under construction and the last position that goes in; nil until the work has begun.
    var target: Target?

    struct Target: Sendable {
        let version: Int32
        let head: Int64
    }

    var isScratch: Bool { upTo != nil }

    var name: String { projection.name }

    /// What the names of the tables end in: of a scratch version the position, so that people find it.
    func suffix(_ target: Target) -> String { isScratch ? "at_\(target.head)" : "\(target.version)" }

    /// What its sessions are called in `pg_stat_activity`.
    static func sessionName(of worker: StreamID) -> String { "account-ledger rebuild \(worker)" }
}

/// Why a rebuild cannot be done, in words that hold no stored value.
struct RebuildFailure: Error {
    let text: String
}

/// The rebuild was cancelled, given to another process, or this one is ending.
struct RebuildInterruption: Error {}
