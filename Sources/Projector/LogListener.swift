import Logging
import PostgresClient

/// Wakes the workers when an appender anywhere says that the log has grown.
///
/// A lost notification costs one poll.
struct LogListener {
    let setup: ProjectorSetup
    let state: ProjectorState

    func run() {
        let bell = Bell()
        state.add(bell)
        var pause = Backoff()
        while !state.isStopping {
            do {
                let connection = try PostgresConnection(setup.configuration)
                try connection.listen("ledger")
                // What was appended before the subscription is only found by looking.
                state.ring()
                pause.reset()
                while !state.isStopping {
                    if try !connection.notifications(timeoutMilliseconds: 200).isEmpty { state.ring() }
                }
            } catch {
                guard !state.isStopping else { return }
                bell.wait(milliseconds: pause.next())
            }
        }
    }
}

/// Growing pauses between attempts.
struct Backoff {
    private var milliseconds = 50

    mutating func next() -> Int {
        defer { milliseconds = min(milliseconds * 2, 5_000) }
        return milliseconds
    }

    mutating func reset() { milliseconds = 50 }
}
