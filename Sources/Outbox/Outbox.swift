public import AccountDomain
public import Accounts
public import EventCoding
import Glibc
public import Logging
public import MailTransport
public import PostgresClient
import Synchronization

/// Mails what events ask for: at least once, each mail with one Message-ID (docs/mail.md).
///
/// It looks through the log once, in order, and notes a row for each event that a composer names; the row and the
/// checkpoint are one transaction. Then it sends what is due: the event is opened, the composer asked, the message
/// delivered, and that noted. Nothing of a mail is ever stored, and neither a database nor a mail server that is away
/// loses one. Any number of processes may run one.
public final class Outbox: Sendable {
    /// How patient it is.
    public struct Patience: Sendable {
        /// How long a mail under way is kept from other processes; longer than a delivery may take.
        public var leaseSeconds = 90
        /// The pause after the first failure; each further one doubles it, give or take a fifth.
        public var firstPauseMilliseconds: Int64 = 2_000
        /// The longest pause.
        public var longestPauseMilliseconds: Int64 = 900_000
        /// From when on a mail is not tried any more, counted from its event.
        public var giveUpAfterSeconds: Int64 = 86_400
        /// How often the log is looked at.
        public var pollMilliseconds = 500

        /// The defaults.
        public init() {}
    }

    private let setup: OutboxSetup
    private let state: OutboxState

    /// An outbox that does nothing yet.
    ///
    /// - Parameters:
    ///   - configuration: A database whose user is a member of `ledger_projector`.
    ///   - composers: Who writes the mails; one for each kind.
    ///   - carrier: Who delivers them.
    ///   - sender: Stands in `From`.
    ///   - origin: The name of the log; part of the message ids.
    ///   - keyring: Opens the streams' keys.
    ///   - log: The log to read.
    ///   - patience: How patient it is.
    ///   - logger: Where trouble is told, without addresses.
    public init(
        configuration: PostgresConfiguration, composers: [any MailComposer], carrier: any MailCarrier,
        sender: EmailAddress, origin: String, keyring: LoadedKeyring, log: Int16 = 0, patience: Patience = Patience(),
        logger: Logger
    ) {
        setup = OutboxSetup(
            configuration: configuration, composers: composers, carrier: carrier, sender: sender,
            originMark: OutboxSetup.mark(of: origin), keyring: keyring, log: log, patience: patience, logger: logger)
        state = OutboxState()
    }

    /// Works until the task is cancelled.
    ///
    /// A delivery under way is given a few seconds; one that takes longer is made again by whoever comes next.
    public func run() async {
        guard !setup.composers.isEmpty else { return }
        let (setup, state) = (setup, state)
        await withTaskCancellationHandler {
            await state.waitUntilEnded {
                _ = DedicatedThread(name: "outbox") {
                    OutboxWorker(setup, state).run()
                    state.threadEnded()
                }
            }
        } onCancel: {
            state.stop()
        }
    }

    /// Tells that the log has grown, so that its end is looked at without a poll.
    public func wake() { state.ring() }
}

/// What an outbox works with.
struct OutboxSetup: Sendable {
    let configuration: PostgresConfiguration
    let composers: [any MailComposer]
    let carrier: any MailCarrier
    let sender: EmailAddress
    /// Keeps the message ids of two logs apart.
    let originMark: String
    let keyring: LoadedKeyring
    let log: Int16
    let patience: Outbox.Patience
    let logger: Logger

    /// Kinds and the types of events that ask for them, side by side.
    var wanted: [(type: String, kind: String)] {
        composers.flatMap { composer in composer.eventTypes.sorted().map { ($0, composer.kind) } }
    }

    /// The id of the mail of a kind that an event asks for: always the same.
    ///
    /// Digits stand in threes, so that whoever looks through a mail for a code of six does not find it here.
    func messageID(kind: String, position: Int64) -> String {
        var digits = String(position)
        var groups: [String] = []
        while digits.utf8.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return "\(kind).\(groups.joined(separator: "-")).\(originMark)@\(sender.domain)"
    }

    /// Twelve letters that stand for the name of a log.
    static func mark(of origin: String) -> String {
        let letters = Array("abcdefghijklmnop".utf8)
        let bytes = Digest.sha256(of: Array(origin.utf8)).bytes.prefix(6)
        return String(decoding: bytes.flatMap { [letters[Int($0 >> 4)], letters[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// What the thread and whoever runs it share.
final class OutboxState: Sendable {
    private struct Contents {
        var stopped: ContinuousClock.Instant?
        var whenEnded: CheckedContinuation<Void, Never>?
    }

    /// How long a delivery under way may take to its end when the process is to end.
    private static let endPatience = Duration.seconds(5)

    private let contents = Mutex(Contents())
    private let event = EventDescriptor()

    var isStopping: Bool { contents.withLock { $0.stopped != nil } }

    /// Whether a delivery under way is still worth the wait.
    var isPatient: Bool {
        contents.withLock { contents in contents.stopped.map { ContinuousClock.now < $0 + Self.endPatience } ?? true }
    }

    func ring() { event.signal() }

    func stop() {
        contents.withLock { $0.stopped = .now }
        ring()
    }

    /// Sleeps until somebody rings or the time is over.
    func wait(milliseconds: Int) {
        var waiting = pollfd(fd: event.descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&waiting, 1, Int32(max(0, min(milliseconds, 60_000)))) > 0 { event.reset() }
    }

    /// Starts the thread, which calls `threadEnded` as its last act, and waits for that.
    func waitUntilEnded(start: () -> Void) async {
        await withCheckedContinuation { continuation in
            contents.withLock { $0.whenEnded = continuation }
            start()
        }
    }

    func threadEnded() {
        let continuation = contents.withLock { contents in
            defer { contents.whenEnded = nil }
            return contents.whenEnded
        }
        continuation?.resume()
    }
}
