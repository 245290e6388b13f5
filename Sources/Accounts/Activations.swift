public import AccountDomain
import EventCoding

/// A code that was sent, and what is shown to redeem it (m-ld).
public struct Redemption: Sendable {
    /// The activation.
    public let activation: ActivationID
    /// The account it was asked for.
    public let name: AccountName
    /// The address that the code was sent to.
    public let email: EmailAddress
    /// The code.
    public let code: String

    /// What is shown.
    public init(activation: ActivationID, name: AccountName, email: EmailAddress, code: String) {
        self.activation = activation
        self.name = name
        self.email = email
        self.code = code
    }
}

extension AccountService {
    /// Opens an activation for an account that does not exist, or that lists the address; the outbox mails its code.
    ///
    /// - Throws: ``Failure/unauthorized`` when the account exists and does not list the address.
    public func requestActivation(
        of name: AccountName, email: EmailAddress, until expiry: Moment, _ context: CommandContext
    ) async throws(Failure) -> ActivationID {
        guard name.text != settings.rootName else { throw .unauthorized }
        for _ in 0..<4 {
            let owner = try await log.owner(of: name.text, in: .accountName)
            var generator = SystemRandomNumberGenerator()
            let id = ActivationID.random(using: &generator)
            do throws(Failure) {
                _ = try await append(home: id, streams: owner.map { [$0] } ?? [], fresh: [id], context) {
                    input throws(Failure) in
                    if let owner { try Self.requireListed(email, of: name, input.account(owner)) }
                    guard let key = input.key(of: id) else { throw .erased }
                    let request = ActivationRequest(
                        name: name, email: email, expiresAt: expiry,
                        verifier: ActivationCode.verifier(ActivationCode.derive(key, input.command), of: id, key))
                    var decision = Decision()
                    do {
                        decision.append(
                            try Activation.missing.decide(.request(request)).map { .activation($0) }, to: id)
                    } catch { throw Self.premiseChanged }
                    return decision
                }
                return id
            } catch {
                guard error == Self.premiseChanged else { throw error }
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// Redeems an activation: makes the account if there is none, and issues a key, all in one append.
    ///
    /// A wrong code is counted in the append that answers it. All that is wrong is `unauthorized`, so that nobody
    /// learns which check failed.
    ///
    /// - Throws: ``Failure/unauthorized``, ``Failure/callerBlocked`` for the right code of a blocked account.
    public func redeem(_ redemption: Redemption, _ context: CommandContext) async throws(Failure) -> NewKey {
        var minted: MintedKey?
        var hasTurn = false
        defer { if hasTurn { redemptions.end(redemption.activation) } }
        for _ in 0..<12 {
            let owner = try await log.owner(of: redemption.name.text, in: .accountName)
            var generator = SystemRandomNumberGenerator()
            let account = owner ?? AccountID.random(using: &generator)
            do throws(Failure) {
                if minted == nil {
                    // First without a key: whoever guesses shall not have RSA pairs made.
                    _ = try await redeem(redemption, for: account, isNew: owner == nil, with: nil, context)
                    if !hasTurn {
                        // And of many who are right at one moment the first alone.
                        let hasWaited = await redemptions.take(redemption.activation)
                        hasTurn = true
                        if hasWaited { continue }
                    }
                    minted = try await mintKey(.rsa, label: nil)
                }
                guard let key = minted else { continue }
                let appended = try await redeem(redemption, for: account, isNew: owner == nil, with: key, context)
                return key.shown(appended, settings)
            } catch {
                switch error {
                case .valueTaken(.accountName), Self.premiseChanged: continue
                case .valueTaken(.keyID), .account(.accessKeys(.idTaken)): minted = minted.map { redrawingID($0) }
                default: throw error
                }
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    private func redeem(
        _ redemption: Redemption, for account: AccountID, isNew: Bool, with key: MintedKey?, _ context: CommandContext
    ) async throws(Failure) -> Appended {
        let id = redemption.activation
        let appended = try await append(home: id, streams: [account], fresh: isNew ? [account] : [], context) {
            input throws(Failure) in
            guard case .activation(let activation) = input.aggregate(id), let request = activation.request,
                request.name == redemption.name, request.email == redemption.email, let streamKey = input.key(of: id)
            else { throw .unauthorized }
            let presented = ActivationCode.verifier(redemption.code, of: id, streamKey)
            let happened: [Activation.Event]
            do { happened = try activation.decide(.redeem(presented, for: account, at: input.now)) } catch {
                throw .unauthorized
            }
            var decision = Decision()
            guard case .redeemed = happened.first else {
                decision.append(happened.map { .activation($0) }, to: id)
                return decision
            }
            var state = input.account(account)
            var events: [AccountEvent] = []
            if state.lifecycle.isMissing {
                try Self.create(redemption.name, [redemption.email], &state, &events)
                decision.take(redemption.name.text, in: .accountName, for: account)
            } else {
                try Self.requireListed(redemption.email, of: redemption.name, state)
                if state.lifecycle.isBlocked { throw .callerBlocked }
            }
            guard let key else { return Decision() }
            try Self.issue(key, to: account, &state, &events, &decision)
            decision.append(happened.map { .activation($0) }, to: id)
            decision.append(events.map { .account($0) }, to: account)
            return decision
        }
        if case .activation(.attemptFailed)? = appended.events.first?.event { throw .unauthorized }
        return appended
    }

    /// Forgets an activation whose time of grace is over, with its key.
    ///
    /// - Returns: whether it was forgotten now; false when it is not due, or was before.
    public func endActivation(_ id: ActivationID, graceSeconds: Int64, _ context: CommandContext) async throws(Failure)
        -> Bool
    {
        let appended = try await append(home: id, context) { input throws(Failure) in
            var decision = Decision()
            guard case .activation(let activation) = input.aggregate(id),
                let events = try? activation.decide(.end(at: input.now, graceSeconds: graceSeconds)), !events.isEmpty
            else { return decision }
            decision.append(events.map { .activation($0) }, to: id)
            decision.destroyKey(of: id)
            return decision
        }
        return !appended.events.isEmpty
    }

    private static func requireListed(_ email: EmailAddress, of name: AccountName, _ account: Account) throws(Failure) {
        guard account.lifecycle.isLiving else { throw .unauthorized }
        guard account.profile.name == name else { throw Self.premiseChanged }
        guard account.profile.emails.contains(email) else { throw .unauthorized }
    }
}
