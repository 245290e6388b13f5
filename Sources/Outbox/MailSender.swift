import AccountDomain
import Accounts
import EventCoding
import Glibc
import Logging
import MailTransport
import PostgresClient
import PostgresLedger

/// Sends what is due, one mail at a time: claim, open, compose, deliver, settle.
///
/// Nothing is locked while a mail is under way; a lease keeps it from others. Who dies between the server's 250 and the
/// note leaves it to be sent again, with the same Message-ID.
final class MailSender {
    /// A row of the outbox that this process holds.
    private struct Claim {
        let position: Int64
        let kind: String
        let attempts: Int32
    }

    private enum Outcome: String {
        case sent
        case givenUp = "given_up"
    }

    private let setup: OutboxSetup
    private let state: OutboxState
    /// What was done and could not be noted, because the database went away meanwhile.
    private var unsettled: (Claim, Outcome)?

    init(_ setup: OutboxSetup, _ state: OutboxState) {
        self.setup = setup
        self.state = state
    }

    /// Sends one mail.
    ///
    /// - Returns: whether there was one.
    func step(on connection: PostgresConnection) throws -> Bool {
        if let (claim, outcome) = unsettled {
            try settle(claim, outcome, on: connection)
            unsettled = nil
        }
        guard let claim = try claim(on: connection) else { return false }
        let cause: MailCause
        do throws(Obstacle) { cause = try open(claim, on: connection) } catch {
            switch error {
            case .database(let error): throw error
            case .gone:
                try settle(claim, .givenUp, on: connection)
                return true
            case .unreadable(let text):
                setup.logger.error("a mail's event cannot be read", metadata: metadata(claim, ["error": "\(text)"]))
                try postponeOrGiveUp(claim, on: connection)
                return true
            }
        }
        let composer = setup.composers.first { $0.kind == claim.kind }
        let age = Moment.now().microseconds - cause.recorded.recordedAt.microseconds
        let isTooOld = age > setup.patience.giveUpAfterSeconds * 1_000_000
        guard !isTooOld, let mail = composer?.mail(for: cause, now: .now()) else {
            if claim.attempts > 1 {
                setup.logger.warning("a mail is given up: its time is over", metadata: metadata(claim))
            }
            try settle(claim, .givenUp, on: connection)
            return true
        }
        try deliver(mail, of: cause, claim, on: connection)
        return true
    }

    private func deliver(_ mail: Mail, of cause: MailCause, _ claim: Claim, on connection: PostgresConnection) throws {
        let state = state
        do throws(MailFailure) {
            let message = try MailMessage(
                from: setup.sender, to: mail.recipient, subject: mail.subject, text: mail.text,
                date: cause.recorded.recordedAt,
                messageID: setup.messageID(kind: claim.kind, position: claim.position))
            try setup.carrier.deliver(message, while: { state.isPatient })
        } catch {
            let told = metadata(claim, ["attempts": "\(claim.attempts)", "error": "\(error)"])
            if error.kind == .permanent {
                setup.logger.warning("a mail is refused for good", metadata: told)
                return try settle(claim, .givenUp, on: connection)
            }
            setup.logger.notice("a mail has to be tried again", metadata: told)
            return try postpone(claim, on: connection)
        }
        unsettled = (claim, .sent)
        try settle(claim, .sent, on: connection)
        unsettled = nil
        setup.logger.debug("mail sent", metadata: metadata(claim))
    }

    private func metadata(_ claim: Claim, _ more: [String: String] = [:]) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["kind": "\(claim.kind)", "position": "\(claim.position)"]
        for (key, value) in more { metadata[key] = "\(value)" }
        return metadata
    }

    // MARK: The event

    /// Why an event could not be opened.
    private enum Obstacle: Error {
        /// Its stream's key is destroyed: nobody is there to be written to.
        case gone
        case unreadable(String)
        case database(PostgresError)
    }

    private func open(_ claim: Claim, on connection: PostgresConnection) throws(Obstacle) -> MailCause {
        do {
            var parameters = PostgresParameters()
            parameters.append(setup.log)
            parameters.append(claim.position)
            let rows = try connection.query(Statement.findEvent, parameters)
            guard rows.count > 0, !rows.isNull(0, 10) else { throw Obstacle.gone }
            let stored = StoredEvent(
                position: try rows.int64(0, 0), recordedAt: try rows.moment(0, 1), stream: try rows.id(0, 2),
                version: try rows.int32(0, 3), command: try rows.id(0, 4), type: try rows.string(0, 5), meta: [],
                data: try rows.bytes(0, 6), secret: rows.isNull(0, 7) ? nil : try rows.bytes(0, 7),
                secretHash: rows.isNull(0, 8) ? nil : try rows.bytes(0, 8))
            let epoch = try rows.int32(0, 9)
            let key = try setup.keyring.holding(epoch).unwrap(
                try rows.bytes(0, 10), epoch: epoch, log: setup.log, stream: stored.stream)
            return MailCause(
                recorded: RecordedEvent(
                    position: stored.position, recordedAt: stored.recordedAt, stream: stored.stream,
                    version: stored.version, command: stored.command,
                    event: try OpenedEvent(stored, key: key).domainEvent()),
                key: key)
        } catch let obstacle as Obstacle {
            throw obstacle
        } catch let error as PostgresError {
            throw .database(error)
        } catch {
            throw .unreadable((error as? EventCodingError)?.description ?? "\(type(of: error))")
        }
    }

    // MARK: Rows

    private func claim(on connection: PostgresConnection) throws -> Claim? {
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        parameters.append(array: setup.composers.map(\.kind))
        parameters.append(Int32(setup.patience.leaseSeconds))
        let rows = try connection.query(Statement.claim, parameters)
        guard rows.count > 0 else { return nil }
        return Claim(position: try rows.int64(0, 0), kind: try rows.string(0, 1), attempts: try rows.int32(0, 2))
    }

    private func settle(_ claim: Claim, _ outcome: Outcome, on connection: PostgresConnection) throws {
        var parameters = place(claim)
        parameters.append(outcome.rawValue)
        try connection.query(Statement.settle, parameters)
    }

    private func postpone(_ claim: Claim, on connection: PostgresConnection) throws {
        var parameters = place(claim)
        parameters.append(pause(after: claim.attempts))
        try connection.query(Statement.postpone, parameters)
    }

    /// An event that cannot be read may be readable to a newer program or keyring; the lease's row has no other clock
    /// than its attempts.
    private func postponeOrGiveUp(_ claim: Claim, on connection: PostgresConnection) throws {
        if claim.attempts >= 100 {
            try settle(claim, .givenUp, on: connection)
        } else {
            try postpone(claim, on: connection)
        }
    }

    /// Doubles with each attempt, give or take a fifth, so that mails that failed together do not come back together.
    private func pause(after attempts: Int32) -> Int64 {
        let doubled = setup.patience.firstPauseMilliseconds << Int64(min(max(0, attempts - 1), 20))
        let pause = min(doubled, setup.patience.longestPauseMilliseconds)
        return pause + Int64.random(in: -(pause / 5)...(pause / 5))
    }

    private func place(_ claim: Claim) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        parameters.append(claim.position)
        parameters.append(claim.kind)
        return parameters
    }
}

/// A clock for durations.
enum MailClock {
    static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
