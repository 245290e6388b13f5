/// A way back into the account that was mailed to one of its addresses.
public struct RecoveryRequest: Sendable, Equatable {
    /// Counts the requests of the account from 1; the token is derived from it.
    public let ordinal: Int
    /// Where the token is mailed to.
    public let email: EmailAddress
    /// When the token ends.
    public let expiresAt: Moment
    /// What the token is checked against; never the token.
    public let tokenDigest: Digest

    /// A request.
    public init(ordinal: Int, email: EmailAddress, expiresAt: Moment, tokenDigest: Digest) {
        self.ordinal = ordinal
        self.email = email
        self.expiresAt = expiresAt
        self.tokenDigest = tokenDigest
    }
}

/// Mailed tokens that set a new password.
///
/// All of them end when one is used, when the password changes in any other way, and when the address they were sent to
/// is the account's no more.
public struct Recovery: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Has a token mailed.
        case request(RecoveryRequest)
        /// Uses the token of a request.
        case redeem(ordinal: Int)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A token is to be mailed.
        case requested(RecoveryRequest)
        /// A token was used.
        case redeemed(ordinal: Int)
    }

    /// How often a token was asked for.
    public private(set) var requestCount = 0
    private var pending: [RecoveryRequest] = []

    init() {}

    /// The request whose token has this digest and can be used at a moment.
    public func request(with digest: Digest, at now: Moment) -> RecoveryRequest? {
        pending.first { $0.tokenDigest == digest && now < $0.expiresAt }
    }

    func decide(_ command: Command) -> [Event] {
        switch command {
        case .request(let request): [.requested(request)]
        case .redeem(let ordinal): pending.contains { $0.ordinal == ordinal } ? [.redeemed(ordinal: ordinal)] : []
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .requested(let request):
            requestCount += 1
            // What ended before this one was asked for need not be remembered.
            let asked = request.expiresAt.adding(seconds: -Self.lifetimeSeconds)
            pending.removeAll { $0.expiresAt <= asked }
            // Nor may whoever asks without end have them all remembered: the oldest token ends first.
            if pending.count >= Self.maximumPending { pending.removeFirst() }
            pending.append(request)
        case .redeemed: endAll()
        }
    }

    /// How long a token can be used.
    public static let lifetimeSeconds: Int64 = 3600

    /// How many tokens of an account can be used at a time.
    public static let maximumPending = 20

    mutating func endAll() { pending = [] }

    mutating func endAll(exceptTo emails: [EmailAddress]) { pending.removeAll { !emails.contains($0.email) } }
}
