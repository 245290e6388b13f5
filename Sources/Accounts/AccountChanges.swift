public import AccountDomain
import EventCoding

/// A merge patch of an account (RFC 7396): nil members stay as they are.
public struct AccountPatch: Sendable {
    /// A new name.
    public var name: AccountName?
    /// New addresses, all of them.
    public var emails: [EmailAddress]?
    /// Profile members to set, or to remove where the value is nil.
    public var profile: [(String, String?)]?
    /// Removes the whole profile before `profile` is applied.
    public var clearsProfile = false
    /// Whether it is an administrator of its Space; root only.
    public var isAdmin: Bool?

    /// A patch that changes nothing.
    public init() {}
}

extension AccountService {
    /// Applies a merge patch.
    public func patch(_ patch: AccountPatch, _ account: AccountID, _ context: CommandContext) async throws(Failure)
        -> Appended
    {
        if let name = patch.name, name.text == settings.rootName { throw .valueTaken(.accountName) }
        let space = try await spaceOf(account)
        return try await append(
            to: account, act: patch.isAdmin == nil ? .change : .appoint, with: space.map { [$0] } ?? [], context
        ) { input, target throws(Failure) in
            var state = target.state
            var events: [AccountEvent] = []
            var decision = Decision()
            let rules = try Self.rules(input, space, of: state)
            if let name = patch.name {
                if let rules, name.text.count < rules.usernameMinimumLength {
                    throw .invalid(
                        pointer: "/name", detail: "The Space wants at least \(rules.usernameMinimumLength) characters.")
                }
                let old = state.profile.name
                try state.advance(.profile(.changeName(name)), &events)
                if old != name {
                    decision.take(name.text, in: .accountName, for: target.id)
                    if let old { decision.release(old.text, in: .accountName, from: target.id) }
                }
            }
            if let emails = patch.emails {
                let old = state.profile.emails
                try state.advance(.profile(.changeEmails(emails)), &events)
                Self.claim(old, emails, in: space, rules, for: target.id, &decision)
            }
            if patch.clearsProfile || patch.profile != nil {
                var members = patch.clearsProfile ? ProfileMembers(stored: []) : state.profile.profile
                do { members = try members.merging(patch.profile ?? []) } catch {
                    throw .invalid(pointer: "/profile", detail: "\(error)")
                }
                try state.advance(.profile(.change(members)), &events)
            }
            if let isAdmin = patch.isAdmin {
                try state.advance(.roles(isAdmin ? .grant(.admin) : .withdraw(.admin)), &events)
            }
            decision.append(events.map { .account($0) }, to: target.id)
            return decision
        }
    }

    /// Sets or replaces the password.
    ///
    /// Its owner gives the old one if there is one.
    ///
    /// The checks are slow, so they are made before the append against a verifier's revision; when that was replaced
    /// meanwhile, they are made again.
    public func changePassword(
        of account: AccountID, old: [UInt8]?, new: [UInt8], _ context: CommandContext
    ) async throws(Failure) -> Appended {
        // Refuse strangers before any slow work is done for them.
        try await requireStanding(context, to: account, for: .change)
        let verifier = try await passwords.verifier(for: new)
        let space = try await spaceOf(account)
        for _ in 0..<4 {
            let proof: PasswordProof?
            if let old {
                let password = try await accountState(account).password
                proof = PasswordProof(
                    revision: password.revision, matches: try await passwords.matches(old, password.verifier))
            } else {
                proof = nil
            }
            do throws(Failure) {
                return try await append(to: account, act: .change, with: space.map { [$0] } ?? [], context) {
                    input, target throws(Failure) in
                    if let rules = try Self.rules(input, space, of: target.state),
                        new.count < rules.passwordMinimumLength
                    {
                        throw .invalid(
                            pointer: "/new_password",
                            detail: "The Space wants at least \(rules.passwordMinimumLength) bytes.")
                    }
                    let authority: Password.Authority =
                        target.standing == .owner || old != nil ? .owner(proof: proof) : .operator
                    return Decision(
                        target.id,
                        try target.state.deciding(.password(.replace(with: verifier, authority: authority))))
                }
            } catch {
                guard error == .account(.password(.staleProof)) else { throw error }
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// Checks a password.
    ///
    /// - Throws: ``Failure/wrongPassword``; also when the account has none.
    public func verifyPassword(_ password: [UInt8], of account: AccountID, _ caller: Caller) async throws(Failure)
        -> Int
    {
        // A password that was changed at another gateway a moment ago is the one that counts.
        _ = try await currentState(of: account)
        let state = try await visibleState(account, to: caller, for: .read)
        guard try await passwords.matches(password, state.password.verifier) else { throw .wrongPassword }
        return Int(try await log.state(of: account).version)
    }

    /// The account that a name and a password open.
    ///
    /// An unknown name costs as much time as a wrong password, and answers the same.
    public func logIn(name: String, password: [UInt8]) async throws(Failure) -> (account: AccountID, revision: Int) {
        var found: (id: AccountID, state: Account)?
        if let id = try await log.owner(of: name, in: .accountName) {
            if case .account(let account) = try await currentState(of: id), account.lifecycle.isLiving,
                account.profile.name?.text == name
            {
                found = (id, account)
            }
        }
        let matches = try await passwords.matches(password, found?.state.password.verifier)
        guard let found, matches else { throw .wrongPassword }
        if found.state.lifecycle.isBlocked { throw .callerBlocked }
        return (found.id, found.state.password.revision)
    }

    /// Erases the person for good: the account, its identities, and the keys to everything they ever gave us.
    public func erase(_ account: AccountID, _ context: CommandContext) async throws(Failure) -> Appended {
        for _ in 0..<4 {
            do throws(Failure) { return try await eraseOnce(account, context) } catch {
                guard error == Self.premiseChanged else { throw error }
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// What a command was built on has changed before it was decided: it is built again.
    public static let premiseChanged = Failure.conflict("The state changed meanwhile.")

    private func eraseOnce(_ account: AccountID, _ context: CommandContext) async throws(Failure) -> Appended {
        let space = try await spaceOf(account)
        let identities: [IdentityID] =
            if case .account(let state) = try await log.state(of: account).aggregate {
                state.identities.linked
            } else { [] }
        return try await append(
            to: account, act: .change, with: (space.map { [$0] } ?? []) + identities, context
        ) { input, target throws(Failure) in
            // An identity linked meanwhile is not among the command's streams.
            guard target.state.identities.linked == identities else { throw Self.premiseChanged }
            var decision = Decision()
            var kept: [KeptReservation] = []
            if target.state.profile.name != nil { kept.append(KeptReservation(namespace: .accountName, count: 1)) }
            decision.append(
                try target.state.deciding(.lifecycle(.erase(kept: kept))).map { .account($0) }, to: target.id)
            decision.destroyKey(of: target.id)
            for key in target.state.accessKeys.keys {
                decision.release(key.id.description, in: .keyID, from: target.id)
            }
            if let key = target.state.secretStorage.rootKey {
                decision.release(key.hash, in: .misakeyRootKey, from: target.id)
            }
            if let space {
                decision.count(-1, in: space)
                for email in target.state.profile.emails {
                    decision.release(Self.emailClaim(email, in: space), in: .spaceEmail, from: target.id)
                }
            }
            for id in identities {
                guard case .identity(let identity) = input.aggregate(id), !identity.isEnded else { continue }
                Self.end(identity, id, &decision)
            }
            return decision
        }
    }

    static func end(_ identity: Identity, _ id: IdentityID, _ decision: inout Decision) {
        decision.append([.identity(.ended)], to: id)
        if let identifier = identity.identifier { decision.release(identifier.text, in: .identity, from: id) }
        decision.destroyKey(of: id)
    }

    /// Makes another account an administrator of this one, or not (m-ld).
    public func setAdministrator(
        _ administrator: AccountID, of account: AccountID, _ isAdministrator: Bool, _ context: CommandContext
    ) async throws(Failure) -> Appended {
        try await append(to: account, act: .change, with: isAdministrator ? [administrator] : [], context) {
            input, target throws(Failure) in
            if isAdministrator, !input.account(administrator).lifecycle.isLiving { throw .notFound }
            return Decision(
                target.id,
                try target.state.deciding(
                    .administrators(isAdministrator ? .insert(administrator) : .delete(administrator))))
        }
    }

    // MARK: - What several use cases ask

    func accountState(_ account: AccountID) async throws(Failure) -> Account {
        guard case .account(let state) = try await log.state(of: account).aggregate else { throw .notFound }
        return state
    }

    func spaceOf(_ account: AccountID) async throws(Failure) -> SpaceID? {
        guard case .account(let state) = try await log.state(of: account).aggregate else { return nil }
        return state.lifecycle.space
    }

    func requireStanding(_ context: CommandContext, to account: AccountID, for act: AccessPolicy.Act)
        async throws(Failure)
    {
        _ = try await visibleState(account, to: context.caller, for: act)
    }

    func visibleState(_ account: AccountID, to caller: Caller, for act: AccessPolicy.Act) async throws(Failure)
        -> Account
    {
        let state: Account? =
            if case .account(let found) = try await log.state(of: account).aggregate { found } else { nil }
        let own: Account? = if let id = caller.account { try await accountState(id) } else { nil }
        try AccessPolicy.standing(
            of: caller, callersAccount: own, to: account, in: state?.lifecycle.space, for: act)
        guard let state, !state.lifecycle.isMissing else { throw .notFound }
        guard state.lifecycle.isLiving else { throw caller.isRoot ? .erased : .notFound }
        return state
    }

    static func rules(_ input: DecisionInput, _ space: SpaceID?, of account: Account) throws(Failure)
        -> SpaceSettings?
    {
        guard account.lifecycle.space == space else { throw Self.premiseChanged }
        guard let space, case .space(let state) = input.aggregate(space) else { return nil }
        return state.settings
    }
}
