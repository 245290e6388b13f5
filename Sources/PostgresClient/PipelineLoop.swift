internal import CPostgres
internal import Glibc

/// The life of a pipeline's thread: take what waits, send it, sleep until something comes, read all of it.
final class PipelineLoop {
    private let configuration: PostgresConfiguration
    private let inbox: PipelineInbox
    private let onConnect: (@Sendable (PostgresConnection) throws -> Void)?

    private var arrivals: [PipelineEntry] = []
    private var waiting = Ring<PipelineEntry>()
    private var wire: PipelineWire?
    /// The next moment at which something may be overdue; nothing is scanned before.
    private var nextDeadline = Monotonic.never
    private var failure: PostgresError?
    private var attempts = 0
    private var nextAttempt: Int64 = 0

    init(
        _ configuration: PostgresConfiguration, _ inbox: PipelineInbox,
        onConnect: (@Sendable (PostgresConnection) throws -> Void)?
    ) {
        self.configuration = configuration
        self.inbox = inbox
        self.onConnect = onConnect
    }

    func run() {
        while !hasFinished() {
            takeArrivals()
            if wire == nil { connectIfDue() }
            sendWaiting()
            for action in inbox.takeLaterActions() { action() }
            if sleep() { receive() }
            expireOverdue()
        }
        for action in inbox.takeLaterActions() { action() }
        let closed = PostgresError(kind: .closed, message: "the pipeline is closed")
        for entry in wire?.close() ?? [] { answer(entry, .failure(closed.withUnknownOutcome)) }
        wire = nil
        takeArrivals()
        for entry in waiting.removeAll() { answer(entry, .failure(closed)) }
        inbox.noteDisconnected(closed)
        inbox.end()
    }

    /// Whether it was asked to end and has nothing left to do, no connection to do it on, or no time.
    private func hasFinished() -> Bool {
        guard let deadline = inbox.closeDeadline else { return false }
        if Monotonic.nowMilliseconds >= deadline { return true }
        takeArrivals()
        guard let wire else { return true }
        return waiting.isEmpty && wire.isEmpty
    }

    private func takeArrivals() {
        let actions = inbox.take(into: &arrivals)
        move()
        guard !actions.isEmpty else { return }
        for action in actions { action() }
        // What the actions submitted goes out in this turn.
        _ = inbox.take(into: &arrivals).map { $0() }
        move()
    }

    private func move() {
        for entry in arrivals {
            nextDeadline = min(nextDeadline, entry.deadline)
            waiting.append(entry)
        }
        arrivals.removeAll(keepingCapacity: true)
    }

    private func answer(_ entry: PipelineEntry, _ result: Result<PostgresRows, PostgresError>) {
        guard entry.isAwaited else { return }
        inbox.noteAnswered()
        _ = entry.complete(result)
    }

    // MARK: Connecting

    private func connectIfDue() {
        guard Monotonic.nowMilliseconds >= nextAttempt else { return }
        do {
            let connection = try PostgresConnection(configuration) {
                takeArrivals()
                expireOverdue()
                return inbox.closeDeadline == nil
            }
            try onConnect?(connection)
            wire = try PipelineWire(connection, stallLimitMilliseconds: configuration.stallLimitMilliseconds)
            attempts = 0
            failure = nil
            inbox.noteConnected(connection.backendPID)
        } catch {
            let reason =
                error as? PostgresError ?? PostgresError(kind: .connection, message: "the connection was refused here")
            pause(reason)
        }
    }

    /// Sets the next attempt: after a random part of a time that doubles from 50 ms to 2 s.
    private func pause(_ reason: PostgresError) {
        failure = reason
        inbox.noteDisconnected(reason)
        let ceiling = min(2000, 50 << min(attempts, 6))
        attempts += 1
        nextAttempt = Monotonic.nowMilliseconds + Int64(Int.random(in: ceiling / 2...ceiling))
    }

    private func lose(_ reason: PostgresError) {
        guard let lost = wire else { return }
        wire = nil
        pause(reason)
        for entry in lost.close() {
            answer(
                entry,
                .failure(
                    PostgresError(
                        kind: .connection, sqlState: reason.sqlState, message: reason.message, isOutcomeUnknown: true)))
        }
    }

    // MARK: Sending and receiving

    private func sendWaiting() {
        guard let wire, !waiting.isEmpty else { return }
        let now = Monotonic.nowMilliseconds
        while wire.hasRoom, let entry = waiting.popFirst() {
            if entry.deadline <= now {
                answer(entry, .failure(PostgresError(kind: .timeout, message: "the deadline passed before sending")))
                continue
            }
            let mayShareWithNext = entry.mayShare && waiting.first?.mayShare == true
            if let failure = wire.send(entry, mayShareWithNext: mayShareWithNext) { return lose(failure) }
        }
        if let failure = wire.endOfTurn() { lose(failure) }
    }

    /// Waits for the socket or a caller; true when the socket may have something.
    private func sleep() -> Bool {
        var until = nextDeadline
        if wire == nil { until = min(until, nextAttempt) }
        if let closeDeadline = inbox.closeDeadline { until = min(until, closeDeadline) }
        let hasRoom = wire?.hasRoom ?? false
        // With statements that could go out at once there is nothing to sleep for.
        let maySleep = inbox.fallAsleep() && !(hasRoom && !waiting.isEmpty)
        var descriptors = (
            pollfd(fd: inbox.event.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wire?.socket ?? -1, events: wire?.events ?? 0, revents: 0)
        )
        let timeout = maySleep ? Monotonic.pollTimeout(until: until) : 0
        unsafe withUnsafeMutableBytes(of: &descriptors) { bytes in
            _ = unsafe poll(bytes.assumingMemoryBound(to: pollfd.self).baseAddress, 2, timeout)
        }
        inbox.wakeUp()
        if descriptors.0.revents != 0 { inbox.event.reset() }
        return descriptors.1.revents != 0
    }

    private func receive() {
        guard let wire else { return }
        let failure = wire.receive { entry, outcome in
            switch outcome {
            case .answer(let result):
                answer(entry, result)
            case .sendAgain:
                if entry.isAwaited {
                    nextDeadline = min(nextDeadline, entry.deadline)
                    waiting.append(entry)
                }
            }
        }
        if let failure { lose(failure) }
    }

    // MARK: Deadlines

    private func expireOverdue() {
        guard nextDeadline != Monotonic.never else { return }
        let now = Monotonic.nowMilliseconds
        guard now >= nextDeadline else { return }

        nextDeadline = Monotonic.never
        for entry in waiting.removeAll() {
            if entry.deadline > now {
                nextDeadline = min(nextDeadline, entry.deadline)
                waiting.append(entry)
            } else if wire == nil {
                let reason = failure?.message ?? "no connection yet"
                answer(entry, .failure(PostgresError(kind: .connection, message: reason)))
            } else {
                answer(
                    entry, .failure(PostgresError(kind: .timeout, message: "the deadline passed before sending")))
            }
        }
        guard let wire else { return }
        wire.forEachEntry { entry in
            if entry.deadline > now {
                nextDeadline = min(nextDeadline, entry.deadline)
            } else {
                answer(
                    entry,
                    .failure(
                        PostgresError(
                            kind: .timeout, message: "the server did not answer in time", isOutcomeUnknown: true)))
            }
        }
        guard let stallsAt = wire.stallsAt, stallsAt != Monotonic.never else { return }
        if stallsAt <= now {
            lose(PostgresError(kind: .connection, message: "the server is silent"))
        } else if (wire.oldestDeadline ?? Monotonic.never) <= now {
            nextDeadline = min(nextDeadline, stallsAt)
        }
    }
}
