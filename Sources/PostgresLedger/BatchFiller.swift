import AccountDomain
import Accounts

/// Which of the waiting commands go together: a stream is appended to by one command or asserted by any number, a
/// unique value stands in one command (docs/log.md).
struct BatchFiller {
    private(set) var batch: [PreparedCommand] = []
    private(set) var waiting: [PendingCommand] = []

    private let limits: Appender.Limits
    private var appended: Set<StreamID> = []
    private var asserted: Set<StreamID> = []
    private var claimed: Set<[UInt8]> = []
    /// Streams of commands that wait: taken for everybody behind them.
    private var awaited: Set<StreamID> = []
    private var events = 0
    private var bytes = 0
    private var isFull = false

    init(limits: Appender.Limits) { self.limits = limits }

    /// Whether a command may be decided for this batch; otherwise it waits.
    mutating func admits(_ pending: PendingCommand) -> Bool {
        let isFree = !isFull && pending.command.streams.allSatisfy { !appended.contains($0) && !awaited.contains($0) }
        if !isFree { wait(pending) }
        return isFree
    }

    /// Adds a decided command, unless it gets in the way of one that is in already.
    mutating func add(_ prepared: PreparedCommand) {
        let keys = prepared.claims.map { claimKey($0.namespace, $0.key) }
        let collides =
            prepared.parts.contains { !$0.events.isEmpty && asserted.contains($0.stream) }
            || keys.contains { claimed.contains($0) }
        let size = prepared.approximateBytes
        let count = prepared.eventCount
        let overflows =
            !batch.isEmpty && (events + count > limits.eventsPerBatch || bytes + size > limits.bytesPerBatch)
        if overflows { isFull = true }
        guard !collides, !overflows else {
            claimed.formUnion(keys)
            return wait(PendingCommand(command: prepared.command, ahead: prepared, complete: prepared.complete))
        }
        for part in prepared.parts {
            if part.events.isEmpty { asserted.insert(part.stream) } else { appended.insert(part.stream) }
        }
        claimed.formUnion(keys)
        events += count
        bytes += size
        batch.append(prepared)
        // Assertions cost a probe each, so a batch of nothing but assertions is bounded too.
        if batch.count >= limits.eventsPerBatch { isFull = true }
    }

    private mutating func wait(_ pending: PendingCommand) {
        waiting.append(pending)
        if !isFull { awaited.formUnion(pending.command.streams) }
    }

    private func claimKey(_ namespace: Namespace, _ key: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: namespace.rawValue)] + key
    }
}
