import AccountDomain
import Accounts
import EventCoding
import Glibc
import Logging
import PostgresClient
import Synchronization

/// The one writer of a gateway (docs/log.md): while a batch is on its way the queue grows; when the answer comes, all that
/// waits is decided in memory and sent as one call.
///
/// Everything below `turn` runs on the connection's own thread, one batch at a time.
final class Appender: Sendable {
    /// Bounds of the queue and of a batch.
    struct Limits: Sendable {
        var queued = 4096
        var eventsPerBatch = 512
        var bytesPerBatch = 1 << 20
        var notifyInterval = Duration.milliseconds(10)
    }

    private struct State {
        var queue: [PendingCommand] = []
        /// A batch is on its way, or its outcome is being found out: nothing else may be sent.
        var isBusy = false
        var isClosed = false
        var lastNotified = ContinuousClock.now
        /// Parts of a batch that must be sent again, smallest first.
        var again: [[PreparedCommand]] = []
    }

    private let pipeline: PostgresPipeline
    private let reader: PostgresPipeline
    private let cache: StreamCache
    private let keys: LedgerKeys
    private let keyring: LoadedKeyring
    private let drawnKeys: DrawnKeys
    private let log: Int16
    private let limits: Limits
    private let streamLimit: Int32
    private let logger: Logger
    private let now: @Sendable () -> Moment
    /// Remembers what was appended, to be compared with what is sealed.
    private let appended: AppendedLeaves?
    /// Called when the log grew, and whether others appended too.
    private let onGrowth: @Sendable (_ head: Int64, _ othersAppended: Bool) -> Void
    /// Called when the log ends before what was read of it.
    private let onSetBack: @Sendable () -> Void
    private let state = Mutex(State())

    private static let statement = PostgresStatement(Statement.appendBatch, parameterTypes: BatchParameters.types)

    init(
        pipeline: PostgresPipeline, reader: PostgresPipeline, cache: StreamCache, keys: LedgerKeys,
        keyring: LoadedKeyring, drawnKeys: DrawnKeys, log: Int16, limits: Limits, streamLimit: Int32, logger: Logger,
        now: @escaping @Sendable () -> Moment, appended: AppendedLeaves? = nil,
        onGrowth: @escaping @Sendable (Int64, Bool) -> Void, onSetBack: @escaping @Sendable () -> Void
    ) {
        self.pipeline = pipeline
        self.reader = reader
        self.cache = cache
        self.keys = keys
        self.keyring = keyring
        self.drawnKeys = drawnKeys
        self.log = log
        self.limits = limits
        self.streamLimit = streamLimit
        self.logger = logger
        self.now = now
        self.appended = appended
        self.onGrowth = onGrowth
        self.onSetBack = onSetBack
    }

    /// What a command comes to, and who is told.
    private typealias Answer = (complete: @Sendable (CommandOutcome) -> Void, outcome: CommandOutcome)

    private var preparation: CommandPreparation {
        CommandPreparation(
            keys: keys, keyring: keyring.current, drawnKeys: drawnKeys, log: log, streamLimit: streamLimit)
    }

    /// Decides a command and makes its rows before it queues, on the caller's thread.
    ///
    /// While a batch is on its way the appender's thread has nothing else to do but wait for it, and the database waits for
    /// that thread in its turn; so as little as possible is left for the moment between two batches.
    func prepareAhead(_ command: LogCommand) -> CommandPreparation.Result {
        let (entries, tail) = cache.find(command.streams)
        return preparation.prepare(command, entries, tail: tail, now: now())
    }

    /// Queues a command; `complete` is called once, on the connection's thread.
    func submit(_ pending: PendingCommand) {
        let verdict: Verdict = state.withLock { state in
            if state.isClosed || state.queue.count >= limits.queued { return .refused }
            state.queue.append(pending)
            if state.isBusy { return .queued }
            state.isBusy = true
            return .start
        }
        switch verdict {
        case .refused: pending.complete(.decided(.failure(.unavailable(retryAfterSeconds: 1))))
        case .queued: break
        case .start: if !pipeline.perform(onThread: { self.turn() }) { abandon() }
        }
    }

    private enum Verdict { case refused, queued, start }

    /// Answers commands whose deadline passed while they waited: called now and then, for a database that is away.
    func expire() {
        let now = ContinuousClock.now
        let expired = state.withLock { state in
            let expired = state.queue.filter { $0.command.deadline <= now }
            if !expired.isEmpty { state.queue.removeAll { $0.command.deadline <= now } }
            return expired
        }
        for pending in expired { pending.complete(.decided(.failure(.unavailable(retryAfterSeconds: 1)))) }
    }

    /// Refuses further commands; what is queued is still worked off.
    func close() { state.withLock { $0.isClosed = true } }

    /// Whether nothing is queued or on its way.
    var isIdle: Bool { state.withLock { !$0.isBusy && $0.queue.isEmpty } }

    /// The connection is closed for good: nobody will take a turn any more.
    private func abandon() {
        let queue = state.withLock { state in
            defer { state.queue = [] }
            state.isClosed = true
            state.isBusy = false
            return state.queue
        }
        for pending in queue { pending.complete(.decided(.failure(.unavailable(retryAfterSeconds: 1)))) }
    }

    // MARK: - On the connection's thread

    private func turn() {
        while true {
            if let again = state.withLock({ $0.again.popLast() }) { return send(again) }
            let queue = state.withLock { state in
                let queue = state.queue
                state.queue = []
                return queue
            }
            if queue.isEmpty {
                let isDone = state.withLock { state in
                    if state.queue.isEmpty { state.isBusy = false }
                    return state.queue.isEmpty
                }
                if isDone { return }
                continue
            }
            let (batch, waiting, outcomes) = fill(from: queue)
            if !waiting.isEmpty { state.withLock { $0.queue = waiting + $0.queue } }
            if !batch.isEmpty { send(batch) }
            for (complete, outcome) in outcomes { complete(outcome) }
            if !batch.isEmpty { return }
        }
    }

    /// Walks the queue in order.
    ///
    /// What does not fit waits for the next batch, and its streams and keys count as taken for all behind it, so
    /// nothing starves (docs/log.md).
    private func fill(from queue: [PendingCommand]) -> (
        batch: [PreparedCommand], waiting: [PendingCommand], outcomes: [Answer]
    ) {
        var filler = BatchFiller(limits: limits)
        var outcomes: [Answer] = []
        let preparation = preparation
        let moment = now()
        let clock = ContinuousClock.now
        for pending in queue {
            if pending.command.deadline <= clock {
                outcomes.append((pending.complete, .decided(.failure(.unavailable(retryAfterSeconds: 1)))))
                continue
            }
            guard filler.admits(pending) else { continue }
            let (entries, tail) = cache.find(pending.command.streams)
            if let ahead = pending.ahead, ahead.refresh(entries, tail: tail) {
                ahead.complete = pending.complete
                filler.add(ahead)
                continue
            }
            switch preparation.prepare(pending.command, entries, tail: tail, now: moment) {
            case .outcome(let outcome): outcomes.append((pending.complete, outcome))
            case .prepared(let prepared):
                prepared.complete = pending.complete
                filler.add(prepared)
            }
        }
        return (filler.batch, filler.waiting, outcomes)
    }

    private func send(_ batch: [PreparedCommand]) {
        let clock = ContinuousClock.now
        let notifies = state.withLock { state in
            let isDue = state.queue.isEmpty || clock - state.lastNotified >= limits.notifyInterval
            if isDue { state.lastNotified = clock }
            return isDue
        }
        let parameters = BatchParameters.make(batch, log: log, now: now(), notifies: notifies)
        let backend = pipeline.backendID
        let patience = batch.map { $0.command.deadline - clock }.min() ?? .zero
        let milliseconds = max(100, Int(patience.components.seconds) * 1_000)
        pipeline.submit(Self.statement, parameters, deadlineMilliseconds: milliseconds) { result in
            self.received(result, for: batch, backend: backend)
        }
    }

    private func received(
        _ result: Result<PostgresRows, PostgresError>, for batch: [PreparedCommand], backend: Int32
    ) {
        switch result {
        case .success(let rows):
            do {
                let reply = try BatchReply(rows, commands: batch.count)
                guard !reply.isDurabilityUnknown else { return findOut(batch, backend: backend) }
                let outcomes = settle(batch, reply)
                for (complete, outcome) in outcomes { complete(outcome) }
                // Whoever was just answered often sends again at once: where the processors are busy anyway, letting
                // them go first makes the next batch larger, and a batch costs the database more than its commands.
                if state.withLock({ $0.queue.count < batch.count }) { sched_yield() }
                turn()
            } catch {
                fail(batch, Failure(error))
            }
        case .failure(let error) where error.kind == .server: repeatAfter(error, batch)
        case .failure(let error) where error.isOutcomeUnknown: findOut(batch, backend: backend)
        case .failure: giveBack(batch)
        }
    }

    /// Applies a batch that stands: new states into the cache, an outcome for each command.
    private func settle(_ batch: [PreparedCommand], _ reply: BatchReply) -> [Answer] {
        var position = reply.head
        var entries: [(StreamID, StreamEntry)] = []
        var outcomes: [Answer] = []
        entries.reserveCapacity(batch.count)
        outcomes.reserveCapacity(batch.count)
        for (index, prepared) in batch.enumerated() {
            let outcome: CommandOutcome
            switch reply.outcome(of: index) {
            case .accepted: outcome = accept(prepared, reply, &position, &entries)
            case .appliedEarlier:
                for part in prepared.parts { cache.forget(part.stream) }
                outcome = .appliedEarlier
            case .versionConflict:
                for part in prepared.parts { cache.forget(part.stream) }
                outcome = .mustLoad(prepared.command.streams)
            case .valueTaken(let claim):
                let namespace = prepared.claims[reply.claimIndex(claim, in: batch, of: index)].namespace
                outcome = .decided(.failure(.valueTaken(namespace)))
            case .quotaExhausted: outcome = .decided(.failure(.quotaExceeded))
            }
            outcomes.append((prepared.complete, outcome))
        }
        let others = cache.appended(entries, head: reply.head, newHead: position)
        if position > reply.head || others { onGrowth(position, others) }
        if appended != nil, position > reply.head { remember(batch, reply) }
        return outcomes
    }

    /// Has the leaves of a batch hashed while the next one is on its way, when this thread has nothing else to do.
    private func remember(_ batch: [PreparedCommand], _ reply: BatchReply) {
        let appended = appended
        pipeline.performAfterSending { appended?.note(AppendedRows.make(batch, reply)) }
    }

    private func accept(
        _ prepared: PreparedCommand, _ reply: BatchReply, _ position: inout Int64,
        _ entries: inout [(StreamID, StreamEntry)]
    ) -> CommandOutcome {
        if let refusal = prepared.refusal { return .decided(.failure(refusal)) }
        var homeEvents: [RecordedEvent] = []
        var homeVersion = prepared.parts[0].entry.version
        for (index, part) in prepared.parts.enumerated() {
            guard let next = part.next, let last = part.events.last else { continue }
            for event in part.events {
                position += 1
                guard index == 0 else { continue }
                homeEvents.append(
                    RecordedEvent(
                        position: position, recordedAt: reply.recordedAt, stream: part.stream, version: event.version,
                        command: prepared.command.id, event: event.event))
            }
            if index == 0 { homeVersion = last.version }
            let commands = part.entry.commands
            if index == 0, let fingerprint = prepared.fingerprint {
                for event in part.events {
                    commands.note(prepared.command.id, fingerprint: fingerprint, version: event.version)
                }
            }
            entries.append(
                (
                    part.stream,
                    StreamEntry(
                        version: last.version, aggregate: next.aggregate, key: next.key, commands: commands,
                        loadedAt: position)
                ))
        }
        return .decided(
            .success(
                Appended(
                    position: prepared.eventCount > 0 ? position : reply.head, version: Int(homeVersion),
                    events: homeEvents, isReplay: false)))
    }

    // MARK: - Trouble

    /// A definite error concerns some command of the batch: halves, then single ones, so that only the offender fails.
    private func repeatAfter(_ error: PostgresError, _ batch: [PreparedCommand]) {
        let clock = ContinuousClock.now
        let living = batch.filter { $0.command.deadline > clock }
        let late = batch.filter { $0.command.deadline <= clock }
        if !late.isEmpty { complete(late, .unavailable(retryAfterSeconds: 1)) }
        if error.sqlState == "LG006", let epoch = epochRefused(of: living) {
            // Nothing of the batch stands: its new streams get their keys wrapped under another epoch.
            logger.notice("wraps keys under another epoch", metadata: ["refused": "\(epoch)"])
            for prepared in living {
                for part in prepared.parts { cache.forget(part.stream) }
                prepared.complete(.mustLoad(prepared.command.streams))
            }
        } else if error.isRetriable {
            state.withLock { if !living.isEmpty { $0.again.append(living) } }
        } else if ["53", "57", "58"].contains(String(error.sqlState.prefix(2)))
            || ["LG004", "LG007"].contains(error.sqlState) || living.count == 1
        {
            logger.error("append refused", metadata: ["sqlstate": "\(error.sqlState)", "message": "\(error.message)"])
            if error.sqlState == "LG007" { onSetBack() }
            complete(living, Failure(error))
        } else if !living.isEmpty {
            let half = living.count / 2
            state.withLock { state in
                state.again.append(Array(living[half...]))
                state.again.append(Array(living[..<half]))
            }
        }
        turn()
    }

    /// The epoch under which a batch wraps its new keys, once there is another to take its place.
    private func epochRefused(of batch: [PreparedCommand]) -> Int32? {
        for prepared in batch {
            for part in prepared.parts {
                guard let epoch = part.wrappedKey?.epoch else { continue }
                // Another batch may have been refused before, and the keyring been read again since.
                return keyring.current.current != epoch || keyring.refuse(epoch) ? epoch : nil
            }
        }
        return nil
    }

    /// The batch was never sent, for the database is away: those that still have time are decided again.
    private func giveBack(_ batch: [PreparedCommand]) {
        let clock = ContinuousClock.now
        for prepared in batch {
            let isLate = prepared.command.deadline <= clock + .milliseconds(100)
            prepared.complete(
                isLate ? .decided(.failure(.unavailable(retryAfterSeconds: 1))) : .mustLoad(prepared.command.streams))
        }
        turn()
    }

    private func fail(_ batch: [PreparedCommand], _ failure: Failure) {
        complete(batch, failure)
        turn()
    }

    private func complete(_ batch: [PreparedCommand], _ failure: Failure) {
        for prepared in batch {
            for part in prepared.parts { cache.forget(part.stream) }
            prepared.complete(.decided(.failure(failure)))
        }
    }

    /// The outcome is unknown: end the old backend, wait until it is gone, look for the commands; answer those that
    /// stand and decide the others again.
    ///
    /// The queue waits meanwhile, so order is kept.
    private func findOut(_ batch: [PreparedCommand], backend: Int32) {
        logger.warning("the outcome of a batch is unknown; finding out", metadata: ["commands": "\(batch.count)"])
        OutcomeSearch(reader: reader, log: log, backend: backend, logger: logger).run(batch) { outcomes in
            for prepared in batch { for part in prepared.parts { self.cache.forget(part.stream) } }
            for (prepared, outcome) in zip(batch, outcomes) { prepared.complete(outcome) }
            if !self.pipeline.perform(onThread: { self.turn() }) { self.abandon() }
        }
    }
}
