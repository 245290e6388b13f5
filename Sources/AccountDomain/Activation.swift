/// What an activation was asked for, and what redeems it.
public struct ActivationRequest: Sendable, Equatable {
    /// The name of the account.
    public let name: AccountName
    /// Where the code was mailed to.
    public let email: EmailAddress
    /// From when on it is no longer redeemed.
    public let expiresAt: Moment
    /// Keyed digest of the code.
    public let verifier: Digest

    /// A request.
    public init(name: AccountName, email: EmailAddress, expiresAt: Moment, verifier: Digest) {
        self.name = name
        self.email = email
        self.expiresAt = expiresAt
        self.verifier = verifier
    }
}

/// The stream of an activation.
public typealias ActivationID = StreamID

/// The proof that somebody reads an address: a mailed code, to be redeemed once, within minutes and few attempts (m-ld).
public struct Activation: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Opens it.
        case request(ActivationRequest)
        /// Presents a code, by its keyed digest.
        case redeem(Digest, for: AccountID, at: Moment)
        /// Forgets it, a while after it could last be redeemed.
        case end(at: Moment, graceSeconds: Int64)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// It was opened.
        case requested(ActivationRequest)
        /// A wrong code was presented, the so many-th.
        case attemptFailed(count: Int)
        /// The right code was presented: the account got a key.
        case redeemed(for: AccountID, at: Moment)
        /// It was forgotten.
        case ended
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// It was opened before.
        case alreadyExists
        /// It was never opened.
        case missing
        /// It was redeemed, has expired, was tried too often or was forgotten.
        case closed
        /// It may still be redeemed, or its time of grace is not over.
        case notDue
    }

    /// How many wrong codes close it.
    public static let maximumAttempts = 5

    /// What was asked for; nil before and after its life.
    public private(set) var request: ActivationRequest?
    /// How many wrong codes were presented.
    public private(set) var failedAttempts = 0
    /// When it was redeemed.
    public private(set) var redeemedAt: Moment?
    /// Whether it was forgotten.
    public private(set) var isEnded = false

    /// An activation that was never opened.
    public static let missing = Activation()

    private init() {}

    /// Whether a code is still looked at.
    public func isOpen(at now: Moment) -> Bool {
        guard let request else { return false }
        return redeemedAt == nil && failedAttempts < Self.maximumAttempts && now < request.expiresAt
    }

    /// Decides what a command makes happen; changes nothing.
    public func decide(_ command: Command) throws(Refusal) -> [Event] {
        if case .request(let new) = command {
            guard request == nil, !isEnded else { throw .alreadyExists }
            return [.requested(new)]
        }
        if isEnded {
            if case .end = command { return [] }
            throw .closed
        }
        guard let request else { throw .missing }
        switch command {
        case .request: return []
        case .redeem(let presented, let account, let now):
            guard isOpen(at: now) else { throw .closed }
            guard presented == request.verifier else { return [.attemptFailed(count: failedAttempts + 1)] }
            return [.redeemed(for: account, at: now)]
        case .end(let now, let grace):
            guard (redeemedAt ?? request.expiresAt).adding(seconds: grace) <= now else { throw .notDue }
            return [.ended]
        }
    }

    /// Takes what happened.
    public mutating func apply(_ event: Event) {
        switch event {
        case .requested(let request): self.request = request
        case .attemptFailed(let count): failedAttempts = max(failedAttempts, count)
        case .redeemed(_, let moment): redeemedAt = moment
        case .ended:
            self = Activation()
            isEnded = true
        }
    }
}
