import AccountDomain
import EventCoding
import Synchronization

/// A stream as a gateway holds it in memory: an immutable state that a later one replaces.
final class StreamEntry: Sendable {
    /// How many events it has.
    let version: Int32
    /// What they fold to.
    let aggregate: Aggregate
    /// Its data key; nil before its first event, and after erasure.
    let key: StreamKey?
    /// Its commands that carried an Idempotency-Key.
    let commands: CommandIndex
    /// The head when it was loaded: it is complete at least up to here.
    let loadedAt: Int64
    /// About how much memory it takes, as it was made; only sums over many entries matter.
    ///
    /// Fixed, so that the cache takes off what it put on: the commands are shared with later states, and grow.
    let approximateBytes: Int

    init(version: Int32, aggregate: Aggregate, key: StreamKey?, commands: CommandIndex, loadedAt: Int64) {
        self.version = version
        self.aggregate = aggregate
        self.key = key
        self.commands = commands
        self.loadedAt = loadedAt
        approximateBytes = Self.bytes(of: aggregate, commands: commands.count)
    }

    /// A stream that does not exist as of a position.
    static func empty(at position: Int64) -> StreamEntry {
        StreamEntry(version: 0, aggregate: .empty, key: nil, commands: CommandIndex(), loadedAt: position)
    }

    private static func bytes(of aggregate: Aggregate, commands: Int) -> Int {
        var bytes = 512 + commands * 64
        if case .account(let account) = aggregate {
            bytes += account.devices.count * 256 + account.accessKeys.count * 640
            bytes += account.domains.count * 96
            bytes += account.profile.profile.count * 64 + account.profile.emails.count * 48
            bytes += account.secretStorage.characters
        }
        return bytes
    }
}

/// One keyed command of a stream: a repeat of it is answered from its events.
struct CommandRecord: Sendable {
    let fingerprint: Digest
    let firstVersion: Int32
    var lastVersion: Int32
}

/// The keyed commands of a stream.
///
/// Successive states of the stream share one, for it only gains what stands in the log.
final class CommandIndex: Sendable {
    private let records = Mutex<[CommandID: CommandRecord]>([:])

    var count: Int { records.withLock { $0.count } }

    func find(_ command: CommandID) -> CommandRecord? { records.withLock { $0[command] } }

    /// Notes one event of a keyed command.
    func note(_ command: CommandID, fingerprint: Digest, version: Int32) {
        records.withLock { records in
            if var record = records[command] {
                record.lastVersion = max(record.lastVersion, version)
                records[command] = record
            } else {
                records[command] = CommandRecord(fingerprint: fingerprint, firstVersion: version, lastVersion: version)
            }
        }
    }
}
