import AccountDomain
import Accounts
import EventCoding

/// What became of a command that was handed to the appender.
enum CommandOutcome: Sendable {
    /// It stands, changed nothing, or was refused on confirmed premises.
    case decided(Result<Appended, Failure>)
    /// It had been applied by an earlier request; these are its versions in the home stream.
    case replayed(versions: ClosedRange<Int32>)
    /// It was applied by another connection before: its events tell.
    case appliedEarlier
    /// It erased its home stream itself and its answer was lost: nothing is left that a repeat could be compared with.
    case appliedUnanswered
    /// A stream is not in memory, or has moved: load these again, then hand it in again.
    case mustLoad([StreamID])
}

/// A command waiting for its turn.
struct PendingCommand: Sendable {
    let command: LogCommand
    /// What it was prepared to be before it queued; stands as long as its streams' states do.
    let ahead: PreparedCommand?
    let complete: @Sendable (CommandOutcome) -> Void
}

/// A command that was decided and encoded, on its way to the database.
///
/// A class, since it is handed from list to list and holds much. Sound though unchecked: whoever prepares it hands it to
/// the appender's queue and keeps nothing of it, and behind the queue one thread at a time has it.
final class PreparedCommand: @unchecked Sendable {
    /// One stream of it: appended to when it has events, else asserted.
    struct Part: Sendable {
        let stream: StreamID
        let entry: StreamEntry
        var seen: Int64
        var wrappedKey: (epoch: Int32, wrapped: [UInt8])?
        var destroysKey = false
        var events: [PreparedEvent] = []
        /// The state after its events.
        var next: (aggregate: Aggregate, key: StreamKey?)?
    }

    struct PreparedEvent: Sendable {
        let version: Int32
        let event: DomainEvent
        let type: String
        let meta: [UInt8]
        let data: [UInt8]
        let secret: [UInt8]?
        let secretHash: [UInt8]?
    }

    let command: LogCommand
    /// Answers it; set when it joins a batch.
    var complete: @Sendable (CommandOutcome) -> Void = { _ in }
    var parts: [Part]
    var claims: [(part: Int, isTaken: Bool, namespace: Namespace, key: [UInt8])] = []
    var places: [Decision.Places] = []
    var limits: [Decision.Limit] = []
    /// What to answer once the assertions held, when there are no events: the refusal, or nil for "changed nothing".
    var refusal: Failure?
    /// The keyed digest of the request, for repeats.
    var fingerprint: Digest?

    init(_ command: LogCommand, parts: [Part]) {
        self.command = command
        self.parts = parts
    }

    /// Whether the states it was decided on are still those in memory, and up to where these are complete now.
    func refresh(_ entries: [StreamEntry?], tail: Int64) -> Bool {
        for (index, entry) in entries.enumerated() {
            if let entry {
                guard entry === parts[index].entry else { return false }
                parts[index].seen = max(tail, entry.loadedAt)
            } else {
                guard command.fresh.contains(parts[index].stream) else { return false }
                parts[index].seen = tail
            }
        }
        return true
    }

    var eventCount: Int { parts.reduce(0) { $0 + $1.events.count } }
    var approximateBytes: Int {
        parts.reduce(0) { sum, part in
            part.events.reduce(sum) { $0 + 128 + $1.meta.count + $1.data.count + ($1.secret?.count ?? 0) }
        }
    }
}
