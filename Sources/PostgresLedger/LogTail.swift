import Synchronization

/// How long the log is known to be, and who waits for it to grow.
final class LogTail: Sendable {
    private struct State {
        var head: Int64 = 0
        var mustLook = false
        var waiters: [Int: (after: Int64, resume: @Sendable () -> Void)] = [:]
        var looker: (@Sendable () -> Void)?
        var nextID = 0
    }

    private let state = Mutex(State())

    /// The newest position known.
    var head: Int64 { state.withLock { $0.head } }

    /// Notes that the log is at least this long; `mustLook` wakes the tailer, since others have appended.
    func grew(to head: Int64, mustLook: Bool) {
        let resume = state.withLock { state -> [@Sendable () -> Void] in
            state.head = max(state.head, head)
            var resume: [@Sendable () -> Void] = []
            if !state.waiters.isEmpty {
                for (id, waiter) in state.waiters where waiter.after < state.head {
                    resume.append(waiter.resume)
                    state.waiters.removeValue(forKey: id)
                }
            }
            if mustLook {
                state.mustLook = true
                if let looker = state.looker { resume.append(looker) }
                state.looker = nil
            }
            return resume
        }
        for body in resume { body() }
    }

    /// Begins again at a head that lies before the one known: the database was set back.
    func restart(at head: Int64) { state.withLock { $0.head = head } }

    /// Returns once the log is longer than `position`, or after the time-out.
    func wait(after position: Int64, timeout: Duration) async {
        await withTimeout(timeout) { resume in
            self.state.withLock { state -> Int? in
                if state.head > position { return nil }
                state.nextID += 1
                state.waiters[state.nextID] = (position, resume)
                return state.nextID
            }
        } cancel: { id in
            self.state.withLock { _ = $0.waiters.removeValue(forKey: id) }
        }
    }

    /// Returns once somebody asks the tailer to look, or after the time-out.
    func waitToLook(timeout: Duration) async {
        await withTimeout(timeout) { resume in
            self.state.withLock { state -> Int? in
                if state.mustLook {
                    state.mustLook = false
                    return nil
                }
                state.looker = resume
                return 0
            }
        } cancel: { _ in
            self.state.withLock { state in
                state.looker = nil
                state.mustLook = false
            }
        }
    }

    /// Waits for a registered callback or the clock, whichever is first.
    private func withTimeout(
        _ timeout: Duration, register: @escaping @Sendable (@escaping @Sendable () -> Void) -> Int?,
        cancel: @escaping @Sendable (Int) -> Void
    ) async {
        let (events, continuation) = AsyncStream<Void>.makeStream()
        guard let id = register({ continuation.finish() }) else { return continuation.finish() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in events {} }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
            cancel(id)
            continuation.finish()
        }
    }
}
