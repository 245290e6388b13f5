public import AccountDomain
import EventCoding

extension AccountService {
    /// Creates an identity; root only.
    public func createIdentity(_ identifier: Identifier, _ context: CommandContext) async throws(Failure) -> Appended {
        try AccessPolicy.requireRoot(context.caller)
        let (id, fresh) = newStream(context)
        return try await append(home: id, fresh: fresh, context) { input throws(Failure) in
            var decision = try Self.decide(.create(identifier), id, input)
            decision.take(identifier.text, in: .identity, for: id)
            return decision
        }
    }

    /// Changes how an identity's second factor is checked; root only.
    public func changeMFA(_ method: MFAMethod, of id: IdentityID, _ context: CommandContext) async throws(Failure)
        -> Appended
    {
        try AccessPolicy.requireRoot(context.caller)
        return try await append(home: id, context) { input throws(Failure) in
            try Self.decide(.changeMFA(method), id, input)
        }
    }

    /// Links an identity to an account; root only.
    public func link(_ id: IdentityID, to account: AccountID, _ context: CommandContext) async throws(Failure)
        -> Appended
    {
        try AccessPolicy.requireRoot(context.caller)
        return try await append(home: id, streams: [account], context) { input throws(Failure) in
            guard input.account(account).lifecycle.isLiving else {
                throw .invalid(pointer: "/account_id", detail: "There is no such account.")
            }
            var decision = try Self.decide(.link(account), id, input)
            decision.append(
                try input.account(account).deciding(.identities(.link(id))).map { .account($0) }, to: account)
            return decision
        }
    }

    /// Unlinks an identity from its account; root only.
    ///
    /// The last identity of an account stays.
    public func unlink(_ id: IdentityID, from account: AccountID, _ context: CommandContext) async throws(Failure)
        -> Appended
    {
        try AccessPolicy.requireRoot(context.caller)
        return try await append(home: id, streams: [account], context) { input throws(Failure) in
            if case .identity(let identity) = input.aggregate(id), identity.account != account {
                throw .conflict("The identity is not linked to this account.")
            }
            var decision = try Self.decide(.unlink, id, input)
            decision.append(
                try input.account(account).deciding(.identities(.unlink(id))).map { .account($0) }, to: account)
            return decision
        }
    }

    /// Ends an identity and forgets its address; root only.
    ///
    /// An account of the Misakey system is never without one, so its last ends with the account alone.
    public func endIdentity(_ id: IdentityID, _ context: CommandContext) async throws(Failure) -> Appended {
        try AccessPolicy.requireRoot(context.caller)
        for _ in 0..<4 {
            do throws(Failure) { return try await endIdentityOnce(id, context) } catch {
                guard error == Self.premiseChanged else { throw error }
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    private func endIdentityOnce(_ id: IdentityID, _ context: CommandContext) async throws(Failure) -> Appended {
        let linked: AccountID? =
            if case .identity(let identity) = try await log.state(of: id).aggregate { identity.account } else { nil }
        return try await append(home: id, streams: linked.map { [$0] } ?? [], context) { input throws(Failure) in
            guard case .identity(let identity) = input.aggregate(id) else { throw .notFound }
            guard !identity.isEnded else { throw .erased }
            guard identity.account == linked else { throw Self.premiseChanged }
            var decision = Decision()
            Self.end(identity, id, &decision)
            if let linked {
                let account = input.account(linked)
                if account.lifecycle.system == .misakey, account.identities.linked == [id] {
                    throw .account(.identities(.last))
                }
                decision.append([.account(.identities(.unlinked(id)))], to: linked)
            }
            return decision
        }
    }

    /// Ends an access token before its time: of an account or of an identity.
    public func revokeToken(_ token: TokenID, expiresAt: Moment, of stream: StreamID, _ context: CommandContext)
        async throws(Failure) -> Appended
    {
        try await append(home: stream, context) { input throws(Failure) in
            switch input.aggregate(stream) {
            case .account(let account):
                return Decision(stream, try account.deciding(.tokens(.revoke(token, expiresAt: expiresAt))))
            case .identity: return try Self.decide(.revokeToken(token, expiresAt: expiresAt), stream, input)
            case .empty, .space, .deployment, .activation: throw .notFound
            }
        }
    }

    private static func decide(_ command: Identity.Command, _ id: IdentityID, _ input: DecisionInput) throws(Failure)
        -> Decision
    {
        let identity: Identity
        switch input.aggregate(id) {
        case .identity(let present): identity = present
        case .empty:
            guard case .create = command else { throw .notFound }
            identity = .missing
        case .account, .space, .deployment, .activation: throw .notFound
        }
        var decision = Decision()
        do { decision.append(try identity.decide(command).map { .identity($0) }, to: id) } catch {
            throw .identity(error)
        }
        return decision
    }
}
