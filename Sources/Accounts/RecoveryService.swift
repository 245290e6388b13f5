public import AccountDomain
import EventCoding

extension AccountService {
    /// The most accounts of one address that are written to at once.
    private static let mostAccountsOfAnAddress = 10
    private static let unknownToken = Failure.invalid(
        pointer: "/token", detail: "must be a recovery token that was neither used nor ended")

    /// Has a token mailed for every account of an address that may set its password; tells nobody whether there is one.
    ///
    /// - Parameters:
    ///   - email: the address, exactly as the account has it.
    ///   - context: of a caller who is nobody in particular.
    ///   - mayMail: whether one more mail may leave; asked for each account.
    /// - Throws: ``Failure/unavailable(retryAfterSeconds:)``.
    public func requestRecovery(
        to email: EmailAddress, _ context: CommandContext, mayMail: @Sendable () async -> Bool
    ) async throws(Failure) {
        var filter = AccountFilter()
        filter.email = email.text
        let accounts = try await reads.accounts(filter, PageRequest(limit: Self.mostAccountsOfAnAddress))
        for record in accounts.items {
            guard try await isRecoverable(record.id, by: email), await mayMail() else { continue }
            do throws(Failure) { try await requestRecovery(of: record.id, to: email, context) } catch {
                // Anything that only this account gives rise to would tell that it is there.
                if case .unavailable = error { throw error }
            }
        }
    }

    private func isRecoverable(_ id: AccountID, by email: EmailAddress) async throws(Failure) -> Bool {
        guard case .account(let account) = try await log.state(of: id).aggregate else { return false }
        return account.isRecoverable(by: email)
    }

    private func requestRecovery(
        of id: AccountID, to email: EmailAddress, _ context: CommandContext
    ) async throws(Failure) {
        var context = context
        if let key = context.idempotency {
            // One request, several accounts: a command of its own for each.
            context.idempotency = Idempotency(
                command: CommandID(
                    version4From: key.command.high ^ id.high, key.command.low ^ id.low),
                requestDigest: key.requestDigest)
        }
        _ = try await append(home: id, context) { input throws(Failure) in
            let account = input.account(id)
            guard account.isRecoverable(by: email), let key = input.key(of: id) else { return Decision() }
            let ordinal = account.recovery.requestCount + 1
            let token = RecoveryToken(account: id, key: key, command: input.command, ordinal: ordinal)
            let request = RecoveryRequest(
                ordinal: ordinal, email: email, expiresAt: input.now.adding(seconds: Recovery.lifetimeSeconds),
                tokenDigest: token.digest)
            return Decision(id, try account.deciding(.recovery(.request(request))))
        }
    }

    /// Sets the password of whoever holds a token; the token, its siblings and all sessions by password end with that.
    ///
    /// - Throws: ``Failure/invalid(pointer:detail:)`` for a token that is unknown, used or over, all alike;
    ///   ``Failure/callerBlocked`` for the right token of a blocked account, which stays good.
    public func redeemRecovery(
        _ token: RecoveryToken, newPassword: [UInt8], _ context: CommandContext
    ) async throws(Failure) -> Appended {
        let id = token.account
        let isRepeat = context.idempotency != nil
        // The slow work is for right tokens only; a repeat of one that was used finds its answer in the log.
        let isKnown = try await isKnown(token)
        guard isKnown || isRepeat else { throw Self.unknownToken }
        let verifier = isKnown ? try await passwords.verifier(for: newPassword) : nil
        let space = try await spaceOf(id)
        return try await append(home: id, streams: space.map { [$0] } ?? [], context) { input throws(Failure) in
            var account = input.account(id)
            guard account.lifecycle.isLiving, let verifier,
                let request = account.recovery.request(with: token.digest, at: input.now)
            else { throw Self.unknownToken }
            if account.lifecycle.isBlocked { throw .callerBlocked }
            if let rules = try Self.rules(input, space, of: account), newPassword.count < rules.passwordMinimumLength {
                throw .invalid(
                    pointer: "/new_password",
                    detail: "The Space wants at least \(rules.passwordMinimumLength) bytes.")
            }
            var events: [AccountEvent] = []
            try account.advance(.recovery(.redeem(ordinal: request.ordinal)), &events)
            try account.advance(.password(.replace(with: verifier, authority: .operator)), &events)
            return Decision(id, events)
        }
    }

    /// Whether a token is one of its account's, as this gateway knows it or, when it does not, as the log has it.
    private func isKnown(_ token: RecoveryToken) async throws(Failure) -> Bool {
        for _ in 0..<2 {
            if case .account(let account) = try await log.state(of: token.account).aggregate,
                account.recovery.request(with: token.digest, at: Moment(microseconds: .min)) != nil
            {
                return true
            }
            // Perhaps it was asked for at another gateway a moment ago.
            log.forget(token.account)
        }
        return false
    }
}

extension Account {
    /// Whether whoever reads the mail of an address may set the password: as with passwords, not when the account is
    /// blocked, nor when its system's own door alone makes verifiers.
    fileprivate func isRecoverable(by email: EmailAddress) -> Bool {
        lifecycle.isLiving && !lifecycle.isBlocked && lifecycle.system != .misakey && profile.emails.contains(email)
    }
}
