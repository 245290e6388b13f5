import AccountDomain
import Accounts
import EventCoding
import Logging
import MailTransport
import Outbox
import PostgresClient
import PostgresLedger
import TestSupport

/// A log whose events of one type ask for mails, and outboxes on it.
final class MailLog {
    let database: TestDatabase
    let connection: PostgresConnection
    private let log: PostgresLog

    init() throws {
        database = try TestDatabase.make()
        connection = try PostgresConnection(database.configuration())
        let gateway = database.configuration(role: TestDatabase.gatewayRole)
        log = PostgresLog(
            configuration: PostgresLog.Configuration(), keys: database.keys,
            keyring: LoadedKeyring(database.keys.keyring), writer: PostgresPipeline(gateway, name: "writer"),
            reader: PostgresPipeline(gateway, name: "reader"),
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
    }

    func close() async {
        await log.close()
        connection.close()
        try? database.drop()
    }

    /// Makes an account, which asks for a mail to its address.
    @discardableResult
    func ask(_ email: String = "alice@example.org") async throws -> AccountID {
        var generator = SystemRandomNumberGenerator()
        let id = StreamID.random(using: &generator)
        let creation = Creation(system: .native, emails: [EmailAddress(stored: email)])
        _ = try await log.append(
            LogCommand(
                id: CommandID.random(using: &generator), home: id, streams: [id], fresh: [id],
                meta: EventMeta(
                    actor: Actor(.root), door: .native, request: RequestID.random(using: &generator), trace: nil),
                deadline: .now + .seconds(30), authorize: { _ in }
            ) { _ in Decision(id, [.lifecycle(.created(creation))]) })
        return id
    }

    /// An outbox with little patience.
    func outbox(_ carrier: some MailCarrier, isExpired: Bool = false, leaseSeconds: Int = 90) -> Outbox {
        var patience = Outbox.Patience()
        patience.firstPauseMilliseconds = 50
        patience.longestPauseMilliseconds = 200
        patience.pollMilliseconds = 20
        patience.leaseSeconds = leaseSeconds
        return Outbox(
            configuration: database.configuration(role: TestDatabase.projectorRole),
            composers: [GreetingMails(isExpired: isExpired)], carrier: carrier,
            sender: EmailAddress(stored: "accounts@example.org"), origin: TestDatabase.origin,
            keyring: LoadedKeyring(database.keys.keyring), patience: patience,
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs outboxes until a condition holds, or for a minute.
    func run(_ outboxes: Outbox..., until condition: () throws -> Bool) async throws -> Bool {
        let running = outboxes.map { outbox in Task { await outbox.run() } }
        let holds = try await eventually(condition)
        for task in running {
            task.cancel()
            await task.value
        }
        return holds
    }

    func count(_ state: String) throws -> Int64 {
        try connection.query(
            PostgresStatement("SELECT count(*) FROM ledger.outbox WHERE state = '\(state)'")
        ).int64(0, 0)
    }

    var attempts: Int64 {
        get throws {
            try connection.query(PostgresStatement("SELECT coalesce(sum(attempts), 0)::int8 FROM ledger.outbox"))
                .int64(0, 0)
        }
    }
}

/// Greets every new account.
struct GreetingMails: MailComposer {
    let kind = "greeting"
    let eventTypes: Set<String> = ["account.created.v1"]
    let isExpired: Bool

    func mail(for cause: MailCause, now: Moment) -> Mail? {
        guard !isExpired, case .account(.lifecycle(.created(let creation))) = cause.recorded.event,
            let recipient = creation.emails.first
        else { return nil }
        let code = cause.key.derivedSecret(command: cause.recorded.command, kind: "code", ordinal: 1, byteCount: 4)
        return Mail(recipient: recipient, subject: "Grüße", text: "Your code is \(code).\n.\nBye\n")
    }
}

func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while true {
        if try condition() { return true }
        if ContinuousClock.now > end { return false }
        try await Task.sleep(for: .milliseconds(20))
    }
}
