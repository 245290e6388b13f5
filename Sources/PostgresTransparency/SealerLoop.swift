import Logging
import PostgresClient
import PostgresLedger
import Transparency

/// The sealer's thread: rounds while the log grows, rests between them, and a look at the newest partition.
final class SealerLoop {
    /// How often the log is looked at when nobody says that it has grown: other gateways may append too.
    private static let pollMilliseconds = 500
    /// How often anything is looked at once nothing is sealed any more.
    private static let idleMilliseconds = 5_000
    /// How long what is left may take at the end.
    private static let endLimit = Duration.seconds(5)

    private let configuration: SealerConfiguration
    private let state: SealerState
    private let logger: Logger
    private let round: SealingRound
    private var pause: Int
    private var partition: SettledPartition
    private var watch = StandbyWatch()

    init(_ configuration: SealerConfiguration, _ state: SealerState, logger: Logger) {
        self.configuration = configuration
        self.state = state
        self.logger = logger
        pause = configuration.pauses.lowerBound
        round = SealingRound(configuration)
        partition = SettledPartition(log: configuration.log)
    }

    func run() {
        var wait = 50
        // Once at least: an end that comes before the beginning finds what is left too.
        repeat {
            do {
                let connection = try PostgresConnection(configuration.sealingSession)
                defer { connection.close() }
                round.forget()
                while true {
                    // Asked before the round: what was appended before the end is sealed.
                    let isLast = state.isStopping
                    try work(on: connection, isLast: isLast)
                    wait = 50
                    guard !isLast else { return }
                }
            } catch {
                guard !state.isStopping else { return }
                if (error as? PostgresError)?.sqlState == "57014" { round.shorten() }
                logger.warning("sealing has to begin again", metadata: ["error": "\(describe(error))"])
                state.bell.wait(milliseconds: wait)
                wait = min(wait * 2, 5_000)
            }
        } while !state.isStopping
    }

    /// One round and the rest after it; at the end as many as are needed.
    private func work(on connection: PostgresConnection, isLast: Bool) throws {
        let end = ContinuousClock.now + Self.endLimit
        var outcome = SealingRound.Outcome()
        while state.fault == nil {
            do {
                outcome = try round.run(on: connection, minimumPause: isLast ? 0 : configuration.pauses.lowerBound / 2)
            } catch let fault as SealingFault {
                outcome = SealingRound.Outcome()
                stop(fault)
                break
            }
            if let newest = outcome.newest { publish(newest) }
            note(outcome.holds)
            if isLast, outcome.isCatchingUp, ContinuousClock.now < end {
                state.bell.wait(milliseconds: 20)
                continue
            }
            // A full step is followed by the next at once, until the backlog is gone; at the end its rest is not left.
            guard outcome.isBehind || isLast && outcome.sealed > 0, !state.isStopping || ContinuousClock.now < end
            else { break }
        }
        guard !isLast else { return }
        try partition.settle(on: connection)
        rest(after: outcome)
    }

    /// Waits for the log to grow, and then so long that checkpoints keep their distance.
    private func rest(after outcome: SealingRound.Outcome) {
        // Under steady growth fewer, larger rounds are cheaper; after a rest the first event is sealed soon.
        pause =
            outcome.sealed > 0 ? min(pause * 3 / 2, configuration.pauses.upperBound) : configuration.pauses.lowerBound
        let end = ContinuousClock.now + .milliseconds(pause)
        if outcome.sealed == 0, !outcome.isEarly {
            state.waitForGrowth(milliseconds: state.fault == nil ? Self.pollMilliseconds : Self.idleMilliseconds)
        }
        while !state.isStopping, ContinuousClock.now < end {
            state.bell.wait(milliseconds: max(1, Int((end - ContinuousClock.now) / .milliseconds(1))))
        }
    }

    private func stop(_ fault: SealingFault) {
        state.raise(fault)
        logger.critical(
            "sealing stops: the log holds what must not be signed; run: account-ledger verify",
            metadata: [
                "kind": "\(fault.kind.rawValue)", "position": "\(fault.position)", "found": "\(fault.description)",
            ])
    }

    private func note(_ holds: [StandbyHold]) {
        switch watch.note(holds) {
        case .held(let reason):
            state.note(hold: reason)
            logger.warning("sealing waits for a standby", metadata: ["reason": "\(reason)"])
        case .freed:
            state.note(hold: nil)
            logger.notice("sealing no longer waits for a standby")
        case nil: break
        }
    }

    /// Makes a checkpoint known that stands for good, whoever signed it.
    private func publish(_ checkpoint: SealedCheckpoint) {
        guard checkpoint != state.newest || state.trouble != nil else { return }
        state.note(checkpoint)
        do {
            try configuration.keep(checkpoint)
            state.note(trouble: nil)
        } catch {
            if state.trouble == nil {
                logger.error("the newest checkpoint cannot be kept", metadata: ["error": "\(describe(error))"])
            }
            state.note(trouble: describe(error))
        }
    }

    private func describe(_ error: any Error) -> String {
        (error as? any CustomStringConvertible)?.description ?? "\(type(of: error))"
    }
}
