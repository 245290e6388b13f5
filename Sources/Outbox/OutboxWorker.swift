import Logging
import PostgresClient

/// The thread of an outbox: notes what the log asks for, sends what is due, sleeps.
final class OutboxWorker {
    private static let sweepMilliseconds: Int64 = 3_600_000
    private static let longestPauseMilliseconds = 5_000

    private let setup: OutboxSetup
    private let state: OutboxState
    private let noter: EventNoter
    private let sender: MailSender
    private var lastSweep: Int64?
    private var isFailing = false

    init(_ setup: OutboxSetup, _ state: OutboxState) {
        self.setup = setup
        self.state = state
        noter = EventNoter(setup)
        sender = MailSender(setup, state)
    }

    /// Works until it is told to stop.
    func run() {
        var pause = 50
        while !state.isStopping {
            do {
                let connection = try PostgresConnection(setup.configuration)
                defer { connection.close() }
                while !state.isStopping {
                    let isBehind = try noter.step(on: connection)
                    let isBusy = try sender.step(on: connection)
                    try sweep(on: connection)
                    if isFailing { setup.logger.notice("the outbox works again") }
                    isFailing = false
                    pause = 50
                    if !isBehind, !isBusy { state.wait(milliseconds: setup.patience.pollMilliseconds) }
                }
            } catch {
                guard !state.isStopping else { return }
                if !isFailing {
                    let text = (error as? PostgresError)?.description ?? "\(error)"
                    setup.logger.warning("the outbox has to begin again", metadata: ["error": "\(text)"])
                }
                isFailing = true
                state.wait(milliseconds: pause)
                pause = min(pause * 2, Self.longestPauseMilliseconds)
            }
        }
    }

    /// Removes rows that were settled long ago.
    private func sweep(on connection: PostgresConnection) throws {
        let now = MailClock.milliseconds
        if let lastSweep, now - lastSweep < Self.sweepMilliseconds { return }
        lastSweep = now
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        try connection.query(Statement.sweep, parameters)
    }
}
