public import AccountDomain
import EventCoding

/// What the holder of a name is asked to change, all of it or nothing (m-ld): each property loses some values, then
/// gains some.
public struct NamedPatch: Sendable, Equatable {
    /// Values of one property.
    public struct Change<Value: Sendable & Equatable>: Sendable, Equatable {
        /// Values it shall have.
        public var insert: [Value] = []
        /// Values it shall no longer have.
        public var delete: [Value] = []

        /// No change.
        public init() {}

        var isEmpty: Bool { insert.isEmpty && delete.isEmpty }
    }

    /// Ways in which remotes authenticate.
    public var remotesAuth = Change<RemoteAuthMode>()
    /// Contexts of naming.
    public var naming = Change<NamingContext>()
    /// Addresses.
    public var emails = Change<EmailAddress>()

    /// A patch that changes nothing.
    public init() {}
}

extension AccountService {
    /// The account that holds a name now.
    ///
    /// - Returns: nil when nobody does; an erased account keeps its name.
    public func account(named name: AccountName) async throws(Failure) -> AccountID? {
        try await log.owner(of: name.text, in: .accountName)
    }

    /// Applies a patch to the account that is known by a name.
    ///
    /// - Throws: ``Failure/notFound`` when the name is no longer the account's.
    public func patch(_ patch: NamedPatch, _ account: AccountID, named name: AccountName, _ context: CommandContext)
        async throws(Failure) -> Appended
    {
        let space = patch.emails.isEmpty ? nil : try await spaceOf(account)
        return try await append(to: account, act: .change, with: space.map { [$0] } ?? [], context) {
            input, target throws(Failure) in
            guard target.state.profile.name == name else { throw .notFound }
            var state = target.state
            var events: [AccountEvent] = []
            var decision = Decision()
            if !patch.remotesAuth.isEmpty {
                try state.advance(
                    .remotesAuth(.patch(insert: patch.remotesAuth.insert, delete: patch.remotesAuth.delete)), &events)
            }
            if !patch.naming.isEmpty {
                try state.advance(.naming(.patch(insert: patch.naming.insert, delete: patch.naming.delete)), &events)
            }
            if !patch.emails.isEmpty {
                let old = state.profile.emails
                try state.advance(
                    .profile(.patchEmails(insert: patch.emails.insert, delete: patch.emails.delete)), &events)
                Self.claim(
                    old, state.profile.emails, in: space, try Self.rules(input, space, of: target.state),
                    for: target.id, &decision)
            }
            decision.append(events.map { .account($0) }, to: target.id)
            return decision
        }
    }

    /// Takes the addresses that are unique in the account's Space, and gives up those that once were.
    static func claim(
        _ old: [EmailAddress], _ new: [EmailAddress], in space: SpaceID?, _ rules: SpaceSettings?, for id: AccountID,
        _ decision: inout Decision
    ) {
        guard let space else { return }
        if rules?.emailUnique == true {
            for email in new where !old.contains(email) {
                decision.take(emailClaim(email, in: space), in: .spaceEmail, for: id)
            }
        }
        // Whatever the rule is now: an address that was taken under an earlier one would never be free again.
        for email in old where !new.contains(email) {
            decision.release(emailClaim(email, in: space), in: .spaceEmail, from: id)
        }
    }

    /// Issues a key with an RSA pair to the holder of a name; root makes the account when there is none.
    ///
    /// - Throws: ``Failure/forbidden`` for another account, ``Failure/erased`` for a name that nobody can have any more.
    public func issueKey(toAccountNamed name: AccountName, _ context: CommandContext) async throws(Failure) -> NewKey {
        guard name.text != settings.rootName else { throw .forbidden }
        for _ in 0..<4 {
            let owner: AccountID? =
                if let own = context.caller.account { own } else { try await account(named: name) }
            do throws(Failure) {
                guard let owner else { return try await createWithKey(name, context) }
                return try await appendingKey(.rsa, label: nil) { minted throws(Failure) in
                    try await append(to: owner, act: .change, context) { _, target throws(Failure) in
                        guard target.state.profile.name == name else { throw Self.premiseChanged }
                        var decision = Decision()
                        var (state, events) = (target.state, [AccountEvent]())
                        try Self.issue(minted, to: owner, &state, &events, &decision)
                        decision.append(events.map { .account($0) }, to: owner)
                        return decision
                    }
                }
            } catch {
                guard error == Self.premiseChanged || error == .valueTaken(.accountName) else { throw error }
                if context.caller.account != nil { throw .forbidden }
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    private func createWithKey(_ name: AccountName, _ context: CommandContext) async throws(Failure) -> NewKey {
        try AccessPolicy.requireRoot(context.caller)
        var generator = SystemRandomNumberGenerator()
        let id = AccountID.random(using: &generator)
        return try await appendingKey(.rsa, label: nil) { minted throws(Failure) in
            try await append(home: id, fresh: [id], context) { input throws(Failure) in
                var decision = Decision()
                var (state, events) = (input.account(id), [AccountEvent]())
                try Self.create(name, [], &state, &events)
                decision.take(name.text, in: .accountName, for: id)
                try Self.issue(minted, to: id, &state, &events, &decision)
                decision.append(events.map { .account($0) }, to: id)
                return decision
            }
        }
    }

    /// Decides that an account of m-ld is made: activated from the first moment.
    static func create(
        _ name: AccountName, _ emails: [EmailAddress], _ state: inout Account, _ events: inout [AccountEvent]
    ) throws(Failure) {
        try state.advance(
            .lifecycle(.create(Creation(system: .mld, activated: true, name: name, emails: emails))), &events)
    }
}
