/// A code that was mailed to log in with: what is known of it without the code.
public struct LoginCode: Sendable, Equatable {
    /// Its place among the identity's codes, from which it is derived again.
    public let ordinal: Int
    /// Where it was mailed to.
    public let recipient: Identifier
    /// Keyed digest of the code.
    public let verifier: Digest
    /// When it ends by itself.
    public let expiresAt: Moment

    /// How long a code lives.
    public static let lifetimeSeconds: Int64 = 600
    /// How long another one is not mailed.
    public static let restSeconds: Int64 = 60
    /// How many wrong tries end it.
    public static let maximumTries = 5

    /// A code that is mailed now.
    public init(ordinal: Int, recipient: Identifier, verifier: Digest, now: Moment) {
        self.init(
            ordinal: ordinal, recipient: recipient, verifier: verifier,
            expiresAt: now.adding(seconds: Self.lifetimeSeconds))
    }

    /// A code as it was written to the log.
    public init(ordinal: Int, recipient: Identifier, verifier: Digest, expiresAt: Moment) {
        self.ordinal = ordinal
        self.recipient = recipient
        self.verifier = verifier
        self.expiresAt = expiresAt
    }

    var isRecentUntil: Moment { expiresAt.adding(seconds: Self.restSeconds - Self.lifetimeSeconds) }
}

/// The codes of an identity: at most one lives.
public struct LoginCodes: Sendable, Equatable {
    /// The newest, as long as it was neither used nor tried too often.
    public private(set) var present: LoginCode?
    /// How many wrong tries it has seen.
    public private(set) var failures = 0
    /// How many codes there were.
    public private(set) var issued = 0

    init() {}

    /// The code that may be tried now.
    public func living(at now: Moment) -> LoginCode? {
        guard let present, now < present.expiresAt else { return nil }
        return present
    }

    /// Whether a code was mailed so lately that it stands.
    public func isRecent(at now: Moment) -> Bool {
        guard let code = living(at: now) else { return false }
        return now < code.isRecentUntil
    }

    mutating func issue(_ code: LoginCode) {
        present = code
        failures = 0
        issued = max(issued, code.ordinal)
    }

    mutating func fail() {
        failures += 1
        if failures >= LoginCode.maximumTries { present = nil }
    }

    mutating func use() { present = nil }
}

/// The public keys that others write to an identity with (Misakey).
public struct IdentityKeys: Sendable, Equatable {
    /// For who knows the identity.
    public let publicKey: String
    /// For who does not.
    public let nonIdentifiedPublicKey: String
    /// The first, for AES with RSA.
    public let aesRSA: String?
    /// The second, for AES with RSA.
    public let nonIdentifiedAESRSA: String?

    /// Keys.
    public init(publicKey: String, nonIdentifiedPublicKey: String, aesRSA: String?, nonIdentifiedAESRSA: String?) {
        self.publicKey = publicKey
        self.nonIdentifiedPublicKey = nonIdentifiedPublicKey
        self.aesRSA = aesRSA
        self.nonIdentifiedAESRSA = nonIdentifiedAESRSA
    }
}

/// What an identity is told of in its feed.
public enum IdentityNotification: String, Sendable, CaseIterable {
    /// An account was made for it.
    case accountCreated = "user.create_account"
    /// Its account's password was set without the old one.
    case passwordReset = "user.reset_password"
}
