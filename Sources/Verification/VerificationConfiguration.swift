public import PostgresClient
public import PostgresLedger
public import Transparency

/// What a verification works with.
public struct VerificationConfiguration: Sendable {
    /// A database whose user may read the ledger; members of `ledger_gateway` may read all of it.
    public var session: PostgresConfiguration
    /// Which log.
    public var log: Int16 = 0
    /// The public half of the key that signs checkpoints, under any name.
    ///
    /// Without it signatures are not looked at.
    public var verifier: VerifierKey?
    /// The public halves of keys that signed before it did.
    public var formerVerifiers: [VerifierKey] = []
    /// Checkpoints that were saved outside the database, each with the name of where it was found.
    public var saved: [(name: String, note: SignedNote)] = []
    /// Opens boxes and recomputes reservations, when given.
    public var keys: LedgerKeys?
    /// Reads the keys once more when the snapshot stands.
    ///
    /// A rotation writes a new epoch's key into the keyring before any row stands under it, so a keyring that is read
    /// behind the snapshot lacks nothing that the snapshot needs; one that was read ahead of it may.
    public var freshKeys: (@Sendable () throws -> LedgerKeys?)?
    /// The first position to read; rounded down to where a chunk begins.
    public var from: Int64 = 1
    /// How many sessions work side by side.
    public var jobs = 2
    /// How much memory the run may take, in bytes; more streams than fit are looked at in several passes.
    public var memoryBytes = 300 << 20
    private var keyLimit = Int.max
    /// Told now and then how many events of how many were read.
    public var progress: (@Sendable (_ done: Int64, _ of: Int64) -> Void)?

    /// A verification of a database.
    public init(session: PostgresConfiguration) { self.session = session }

    /// The session of each thread: as long as it takes, and all in one snapshot.
    var readingSession: PostgresConfiguration {
        var session = session
        session.statementTimeoutMilliseconds = 0
        session.idleInTransactionTimeoutMilliseconds = 0
        session.session.merge(["jit": "off", "work_mem": "32MB"]) { given, _ in given }
        return session
    }

    /// What the budget leaves for tables after the chunks and the process.
    private var tableBytes: Int { max(memoryBytes - (80 << 20) - jobs * (16 << 20), 4 << 20) }

    /// How many slots the table of streams may have, counting the moment of growing, when an old and a new table stand
    /// side by side.
    ///
    /// When boxes are opened, half of what is left is for the keys.
    var maximumSlots: Int {
        let left = keys == nil ? tableBytes : tableBytes / 2
        var slots = 1 << 12
        while slots * 2 * StreamTable.bytesPerSlot * 3 / 2 <= left { slots *= 2 }
        return slots
    }

    /// How many streams' keys are kept at hand; tests ask for fewer than the budget allows.
    var maximumKeys: Int {
        get { min(keyLimit, tableBytes / 2 / KeyTable.bytesPerStream) }
        set { keyLimit = newValue }
    }
}
