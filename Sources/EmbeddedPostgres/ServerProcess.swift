import Glibc
import Synchronization

/// A server that is our child, from its start until it has been collected.
final class ServerProcess: Sendable {
    private struct State {
        var exitStatus: Int32?
        var waiters: [Int: CheckedContinuation<Int32?, Never>] = [:]
        var nextWaiter = 0
    }

    let processID: pid_t
    private let state = Mutex(State())

    /// Takes charge of a child just started.
    init(processID: pid_t) throws(EmbeddedPostgresError) {
        self.processID = processID
        try startCollector()
    }

    var exitStatus: Int32? { state.withLock { $0.exitStatus } }
    var hasExited: Bool { exitStatus != nil }

    /// Sends a signal, unless the process is gone and its number may be another's.
    func send(_ signal: Int32) {
        state.withLock { state in
            if state.exitStatus == nil { kill(processID, signal) }
        }
    }

    /// Ends the process in the usual three steps: let transactions roll back, stop at once, kill.
    func end(within limit: Duration) {
        for (signal, patience) in [(SIGINT, limit), (SIGQUIT, .seconds(5)), (SIGKILL, .seconds(30))] {
            send(signal)
            if Waiting.until(patience, { hasExited }) { return }
        }
    }

    /// The exit status once there is one; nil when the waiting task is cancelled first.
    func waitForExit() async -> Int32? {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Int32?? = state.withLock { state in
                    if let status = state.exitStatus { return .some(status) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters[waiter] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(returning: nil)
        }
    }

    /// A thread that does nothing but wait; the signal for ended children belongs to nobody in a process with threads.
    private func startCollector() throws(EmbeddedPostgresError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 256 << 10)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        // Released by the thread below, which takes the reference over.
        let reference = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ServerProcess>.fromOpaque(argument).takeRetainedValue().collect()
                return nil
            }, reference.toOpaque())
        guard code == 0 else {
            reference.release()
            kill(processID, SIGQUIT)
            throw EmbeddedPostgresError(DurableFileError(path: "thread", operation: "start a", code: code))
        }
    }

    private func collect() {
        // First only look: the number stays taken until the exit is noted, so `send` cannot hit a stranger.
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        let (status, waiters) = state.withLock { state in
            var raw: Int32 = 0
            while waitpid(processID, &raw, 0) < 0 && errno == EINTR {}
            let status = Command.exitStatus(raw)
            state.exitStatus = status
            defer { state.waiters = [:] }
            return (status, Array(state.waiters.values))
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }
}
