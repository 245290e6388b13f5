/// An address by which a person is known and logs in (Misakey).
public struct Identity: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Makes it.
        case create(Identifier)
        /// Changes how its second factor is checked.
        case changeMFA(MFAMethod)
        /// Gives it to an account.
        case link(AccountID)
        /// Takes it from its account.
        case unlink
        /// Ends an access token before its time.
        case revokeToken(TokenID, expiresAt: Moment)
        /// Mails a code; nothing while one was mailed lately.
        case issueCode(LoginCode, at: Moment)
        /// Tries a code, by its keyed digest.
        case tryCode(Digest, at: Moment)
        /// Sets the public keys that others write to it with.
        case setPublicKeys(IdentityKeys)
        /// Writes into its feed.
        case notify(IdentityNotification)
        /// Forgets it.
        case end
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// It was made.
        case created(Identifier)
        /// Its second factor is checked so.
        case mfaChanged(MFAMethod)
        /// It belongs to an account.
        case linked(AccountID)
        /// It belongs to that account no more.
        case unlinked(AccountID)
        /// A token was ended.
        case tokenRevoked(TokenID, expiresAt: Moment)
        /// A code was mailed.
        case codeIssued(LoginCode)
        /// A wrong code was tried in the place of this one.
        case codeFailed(ordinal: Int)
        /// The code was used up.
        case codeUsed(ordinal: Int)
        /// It has these public keys.
        case publicKeysSet(IdentityKeys)
        /// Something stands in its feed.
        case notified(IdentityNotification)
        /// It was forgotten.
        case ended
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// It was made before.
        case alreadyExists
        /// It was never made.
        case missing
        /// It was forgotten.
        case ended
        /// It belongs to an account already.
        case alreadyLinked(to: AccountID)
        /// It belongs to no account.
        case notLinked
        /// No code lives that could be tried.
        case noCode
    }

    /// The address; nil before its creation and after its end.
    public private(set) var identifier: Identifier?
    /// How its second factor is checked.
    public private(set) var mfa = MFAMethod.disabled
    /// Its account.
    public private(set) var account: AccountID?
    /// Whether it was forgotten.
    public private(set) var isEnded = false
    /// The codes that were mailed.
    public private(set) var codes = LoginCodes()
    /// The public keys that others write to it with.
    public private(set) var publicKeys: IdentityKeys?
    private var revoked: Set<TokenID> = []

    /// An identity that was never made.
    public static let missing = Identity()

    private init() {}

    /// Whether a token was ended.
    public func isRevoked(_ token: TokenID) -> Bool { revoked.contains(token) }

    /// Decides what a command makes happen; changes nothing.
    public func decide(_ command: Command) throws(Refusal) -> [Event] {
        if isEnded { throw .ended }
        if case .create(let identifier) = command {
            guard self.identifier == nil else { throw .alreadyExists }
            return [.created(identifier)]
        }
        guard identifier != nil else { throw .missing }
        switch command {
        case .create: return []
        case .changeMFA(let method): return method == mfa ? [] : [.mfaChanged(method)]
        case .link(let account):
            if let present = self.account { throw .alreadyLinked(to: present) }
            return [.linked(account)]
        case .unlink:
            guard let account else { throw .notLinked }
            return [.unlinked(account)]
        case .revokeToken(let token, let expiresAt):
            return isRevoked(token) ? [] : [.tokenRevoked(token, expiresAt: expiresAt)]
        case .issueCode(let code, let now): return codes.isRecent(at: now) ? [] : [.codeIssued(code)]
        case .tryCode(let digest, let now):
            guard let code = codes.living(at: now) else { throw .noCode }
            return [code.verifier == digest ? .codeUsed(ordinal: code.ordinal) : .codeFailed(ordinal: code.ordinal)]
        case .setPublicKeys(let keys): return keys == publicKeys ? [] : [.publicKeysSet(keys)]
        case .notify(let notification): return [.notified(notification)]
        case .end: return [.ended]
        }
    }

    /// Takes what happened.
    public mutating func apply(_ event: Event) {
        switch event {
        case .created(let identifier): self.identifier = identifier
        case .mfaChanged(let method): mfa = method
        case .linked(let account): self.account = account
        case .unlinked: account = nil
        case .tokenRevoked(let token, _): revoked.insert(token)
        case .codeIssued(let code): codes.issue(code)
        case .codeFailed: codes.fail()
        case .codeUsed: codes.use()
        case .publicKeysSet(let keys): publicKeys = keys
        case .notified: break
        case .ended:
            self = Identity()
            isEnded = true
        }
    }
}
