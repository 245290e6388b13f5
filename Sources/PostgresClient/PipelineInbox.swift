internal import Synchronization

/// Where callers on any thread leave work for a pipeline's thread.
final class PipelineInbox: Sendable {
    private struct Contents {
        var entries: [PipelineEntry] = []
        var actions: [@Sendable () -> Void] = []
        /// What waits until the turn's statements are on their way.
        var laterActions: [@Sendable () -> Void] = []
        /// Whether the thread sleeps in poll(2), or is about to, so that somebody has to wake it.
        var isAsleep = false
        var closeDeadline: Int64?
        var hasEnded = false
        var closers: [@Sendable () -> Void] = []
        var lastFailure: PostgresError?
    }

    private let contents = Mutex(Contents())
    /// Statements submitted and not answered.
    private let outstanding = Atomic<Int>(0)
    private let connected = Atomic<Bool>(false)
    private let backend = Atomic<Int32>(0)
    private let maximumQueued: Int
    let event = EventDescriptor()

    init(maximumQueued: Int) {
        self.maximumQueued = maximumQueued
    }

    // MARK: Any thread

    var state: PostgresPipeline.State {
        if connected.load(ordering: .relaxed) { return .connected }
        return contents.withLock { $0.closeDeadline != nil } ? .closed : .connecting
    }

    /// The server process of the newest connection; 0 before the first.
    var backendID: Int32 { backend.load(ordering: .relaxed) }
    var lastFailure: PostgresError? { contents.withLock { $0.lastFailure } }
    var outstandingCount: Int { outstanding.load(ordering: .relaxed) }

    /// Takes an entry over, or tells why not.
    func submit(_ entry: PipelineEntry) -> PostgresError? {
        guard outstanding.load(ordering: .relaxed) < maximumQueued else {
            return PostgresError(kind: .overloaded, message: "\(maximumQueued) statements wait already")
        }
        enum Outcome { case closed, taken, takenAsleep }
        let outcome = contents.withLock { contents -> Outcome in
            guard contents.closeDeadline == nil else { return .closed }
            contents.entries.append(entry)
            outstanding.wrappingAdd(1, ordering: .relaxed)
            defer { contents.isAsleep = false }
            return contents.isAsleep ? .takenAsleep : .taken
        }
        switch outcome {
        case .closed: return PostgresError(kind: .closed, message: "the pipeline is closed")
        case .takenAsleep: event.signal()
        case .taken: break
        }
        return nil
    }

    /// Leaves a closure for the thread's next turn; false when there will be none.
    func perform(_ body: @escaping @Sendable () -> Void) -> Bool {
        let (isTaken, wasAsleep) = contents.withLock { contents -> (Bool, Bool) in
            guard contents.closeDeadline == nil else { return (false, false) }
            contents.actions.append(body)
            defer { contents.isAsleep = false }
            return (true, contents.isAsleep)
        }
        if wasAsleep { event.signal() }
        return isTaken
    }

    /// Leaves a closure for the thread, to be run when it has sent what waits; false when there will be no turn.
    func performAfterSending(_ body: @escaping @Sendable () -> Void) -> Bool {
        let (isTaken, wasAsleep) = contents.withLock { contents -> (Bool, Bool) in
            guard contents.closeDeadline == nil else { return (false, false) }
            contents.laterActions.append(body)
            defer { contents.isAsleep = false }
            return (true, contents.isAsleep)
        }
        if wasAsleep { event.signal() }
        return isTaken
    }

    /// Asks the thread to end; `body` runs when it has.
    func close(deadline: Int64, _ body: (@Sendable () -> Void)?) {
        let hasEnded = contents.withLock { contents in
            if contents.hasEnded { return true }
            contents.closeDeadline = min(contents.closeDeadline ?? deadline, deadline)
            if let body { contents.closers.append(body) }
            contents.isAsleep = false
            return false
        }
        if hasEnded { body?() } else { event.signal() }
    }

    // MARK: The pipeline's thread

    var closeDeadline: Int64? { contents.withLock { $0.closeDeadline } }

    /// Moves all entries to the caller's list, whose room is used here next, and gives the actions.
    func take(into entries: inout [PipelineEntry]) -> [@Sendable () -> Void] {
        contents.withLock { contents in
            swap(&contents.entries, &entries)
            guard !contents.actions.isEmpty else { return [] }
            defer { contents.actions = [] }
            return contents.actions
        }
    }

    /// The closures for after sending.
    func takeLaterActions() -> [@Sendable () -> Void] {
        contents.withLock { contents in
            guard !contents.laterActions.isEmpty else { return [] }
            defer { contents.laterActions = [] }
            return contents.laterActions
        }
    }

    /// Announces sleep; false when work came meanwhile.
    func fallAsleep() -> Bool {
        contents.withLock { contents in
            contents.isAsleep =
                contents.entries.isEmpty && contents.actions.isEmpty && contents.laterActions.isEmpty
            return contents.isAsleep
        }
    }

    func wakeUp() {
        contents.withLock { $0.isAsleep = false }
    }

    func noteAnswered() {
        outstanding.wrappingSubtract(1, ordering: .relaxed)
    }

    func noteConnected(_ backendID: Int32) {
        backend.store(backendID, ordering: .relaxed)
        contents.withLock { $0.lastFailure = nil }
        connected.store(true, ordering: .relaxed)
    }

    func noteDisconnected(_ failure: PostgresError?) {
        connected.store(false, ordering: .relaxed)
        contents.withLock { $0.lastFailure = failure }
    }

    /// Refuses everything from now on and tells those who wait for the end.
    func end() {
        let (entries, closers) = contents.withLock { contents in
            contents.hasEnded = true
            contents.closeDeadline = contents.closeDeadline ?? 0
            defer {
                contents.entries = []
                contents.actions = []
                contents.closers = []
            }
            return (contents.entries, contents.closers)
        }
        for entry in entries {
            noteAnswered()
            _ = entry.complete(.failure(PostgresError(kind: .closed, message: "the pipeline is closed")))
        }
        for closer in closers { closer() }
    }
}
