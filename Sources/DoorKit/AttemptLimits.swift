public import Accounts
public import AccountDomain
import EventCoding
import Synchronization

/// What may be tried, and how often: a token bucket for each subject.
public struct AttemptLimit: Sendable, Hashable {
    /// What the stored counters are kept under; never changed, one for each limit.
    public let name: String
    /// How many attempts are allowed at once.
    public let attempts: Int
    /// After how many seconds one more is.
    public let refillSeconds: Int

    /// A limit of `attempts` at once, then one more every `refillSeconds`.
    public init(_ name: StaticString, attempts: Int, refillSeconds: Int) {
        self.name = name.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
        self.attempts = attempts
        self.refillSeconds = refillSeconds
    }

    /// Log-ins by a name and from a client; right ones are given back.
    public static let login = AttemptLimit("login", attempts: 10, refillSeconds: 10)
    /// Checks of an account's password; right ones are given back.
    public static let password = AttemptLimit("password", attempts: 10, refillSeconds: 10)
    /// Guesses of a mailed code or token, by account (or whatever the code belongs to).
    public static let code = AttemptLimit("code", attempts: 5, refillSeconds: 60)
    /// Guesses of mailed codes and tokens, by client.
    public static let codeOfClient = AttemptLimit("code-client", attempts: 20, refillSeconds: 15)
    /// Requests for a mail, by client.
    public static let mailOfClient = AttemptLimit("mail-client", attempts: 20, refillSeconds: 30)
    /// Mails to one address, whoever asks for them.
    public static let mailToAddress = AttemptLimit("mail-address", attempts: 5, refillSeconds: 600)
    /// Mails of the whole deployment.
    public static let mailInAll = AttemptLimit("mail", attempts: 1000, refillSeconds: 1)
}

/// Whose attempts are counted.
public enum AttemptSubject: Sendable, Hashable {
    /// A client; of an IPv6 address the network counts.
    case client(NetworkAddress)
    /// An account, or another stream.
    case stream(StreamID)
    /// A name or address, as a client gave it.
    case text(String)
    /// Everybody together.
    case everybody

    /// The mailbox behind an address: spellings that differ in case alone are, nearly everywhere, one.
    public static func mailbox(_ address: String) -> AttemptSubject { .text(address.lowercased()) }

    /// What the stored key is made of; the first byte keeps the kinds apart.
    var bytes: [UInt8] {
        switch self {
        case .client(let address):
            let network = address.network
            var bytes: [UInt8] = [1]
            bytes.append(bigEndian: network.high)
            bytes.append(bigEndian: network.low)
            return bytes
        case .stream(let id): return [2] + id.bytes
        case .text(let text): return [3] + Array(text.utf8)
        case .everybody: return [4]
        }
    }

    /// Addresses of one network are one subject.
    fileprivate var counted: AttemptSubject {
        if case .client(let address) = self { .client(address.network) } else { self }
    }
}

/// Bounds guesses and mails at every door: token buckets in memory in front, and behind them counters in the database.
///
/// The bucket in memory turns a flood away without a look at the database. What it lets through is counted there, and
/// committed, before the attempt is evaluated: so parallel guesses at several gateways, or after a restart, find one
/// counter. Keys are stored as keyed digests; a crash of the database may forget the last moments (docs/log.md).
public final class AttemptLimits: Sendable {
    private let isOff: Bool
    private let store: (any AttemptStore)?
    private let fronts = Mutex<[AttemptLimit: AttemptLimiter]>([:])

    /// Limits whose counters are shared through a store; in this process alone without one.
    public init(store: (any AttemptStore)? = nil) {
        isOff = false
        self.store = store
    }

    private init(isOff: Bool) {
        self.isOff = isOff
        store = nil
    }

    /// Lets everything pass, for `LEDGER_LIMITS=off`.
    public static let off = AttemptLimits(isOff: true)

    /// Counts one attempt, before it is looked at.
    ///
    /// - Throws: ``Failure/tooManyAttempts(retryAfterSeconds:)``; ``Failure/unavailable(retryAfterSeconds:)`` when the
    ///   attempt cannot be counted.
    public func take(_ limit: AttemptLimit, _ subject: AttemptSubject) async throws(Failure) {
        guard !isOff else { return }
        let subject = subject.counted
        let front = front(of: limit)
        if let seconds = front.secondsToWait(takingFor: subject) { throw .tooManyAttempts(retryAfterSeconds: seconds) }
        guard let store else { return }
        let seconds = try await store.take(
            kind: limit.name, subject: subject.bytes, attempts: limit.attempts, refillSeconds: limit.refillSeconds)
        if let seconds {
            front.refund(subject)
            throw .tooManyAttempts(retryAfterSeconds: max(1, seconds))
        }
    }

    /// Gives an attempt back, when it turned out to be right.
    ///
    /// A refund that cannot be stored is lost: the owner then has one attempt less for a while.
    public func refund(_ limit: AttemptLimit, _ subject: AttemptSubject) async {
        guard !isOff else { return }
        let subject = subject.counted
        front(of: limit).refund(subject)
        try? await store?.refund(kind: limit.name, subject: subject.bytes, refillSeconds: limit.refillSeconds)
    }

    private func front(of limit: AttemptLimit) -> AttemptLimiter {
        fronts.withLock { fronts in
            if let known = fronts[limit] { return known }
            let front = AttemptLimiter(attempts: limit.attempts, refillSeconds: limit.refillSeconds)
            fronts[limit] = front
            return front
        }
    }
}
