public import AccountDomain
import EventCoding

/// What a new account starts with.
public struct NewAccount: Sendable {
    /// The door that makes it.
    public var system: System
    /// Its name.
    public var name: AccountName?
    /// Its addresses.
    public var emails: [EmailAddress]
    /// Its profile.
    public var profile: ProfileMembers
    /// Its password.
    public var password: [UInt8]?
    /// Whether it is activated at once.
    public var activated: Bool
    /// Its first backup.
    public var backup: [UInt8]?
    /// The domain of the Space it shall belong to.
    public var space: SpaceDomain?

    /// A new account.
    public init(
        system: System, name: AccountName? = nil, emails: [EmailAddress] = [],
        profile: ProfileMembers = ProfileMembers(stored: []), password: [UInt8]? = nil, activated: Bool = false,
        backup: [UInt8]? = nil, space: SpaceDomain? = nil
    ) {
        self.system = system
        self.name = name
        self.emails = emails
        self.profile = profile
        self.password = password
        self.activated = activated
        self.backup = backup
        self.space = space
    }
}

extension AccountService {
    /// Creates an account; root may, and a Space's administrator in that Space.
    ///
    /// - Throws: ``Failure/valueTaken(_:)``, ``Failure/quotaExceeded``, ``Failure/invalid(pointer:detail:)``.
    public func create(_ new: NewAccount, _ context: CommandContext) async throws(Failure) -> Appended {
        // Before anything slow is done, looked up or stored for somebody who may not.
        try await requireMayCreate(in: new.space, context.caller)
        if let name = new.name, name.text == settings.rootName { throw .valueTaken(.accountName) }
        let space = try await space(new.space, context.caller)
        let verifier: PasswordVerifier? =
            if let password = new.password { try await passwords.verifier(for: password) } else { nil }
        let (id, fresh) = newStream(context)
        let backup: BackupVersion? =
            if let data = new.backup { try await backupVersion(1, data, for: id) } else { nil }
        return try await append(home: id, streams: space.map { [$0] } ?? [], fresh: fresh, context) {
            input throws(Failure) in
            try Self.requireMayCreate(input, context.caller, in: space)
            var decision = Decision()
            var domain: SpaceDomain?
            if let space {
                let settings = try Self.admit(new, to: input.aggregate(space), at: input.now)
                domain = settings.domain
                decision.count(1, in: space)
                if settings.emailUnique {
                    for email in new.emails {
                        decision.take(Self.emailClaim(email, in: space), in: .spaceEmail, for: id)
                    }
                }
            }
            var account = input.account(id)
            var events: [AccountEvent] = []
            let creation = Creation(
                system: new.system, space: space, spaceDomain: domain, activated: new.activated, name: new.name,
                emails: new.emails, profile: new.profile)
            try account.advance(.lifecycle(.create(creation)), &events)
            if let verifier {
                try account.advance(.password(.replace(with: verifier, authority: .operator)), &events)
            }
            if let backup { try account.advance(.backup(.put(backup)), &events) }
            decision.append(events.map { .account($0) }, to: id)
            if let name = new.name { decision.take(name.text, in: .accountName, for: id) }
            return decision
        }
    }

    /// The stream of a Space that a request names by its domain.
    func space(_ domain: SpaceDomain?, _ caller: Caller) async throws(Failure) -> SpaceID? {
        guard let domain else { return nil }
        guard let space = try await log.owner(of: domain.text, in: .spaceDomain) else {
            throw .invalid(pointer: "/space", detail: "There is no Space with this domain.")
        }
        return space
    }

    private func requireMayCreate(in space: SpaceDomain?, _ caller: Caller) async throws(Failure) {
        guard caller.principal != .anonymous else { throw .unauthorized }
        if caller.isRoot { return }
        guard let id = caller.account, let space else { throw .forbidden }
        let state = try await accountState(id)
        guard state.roles.isAdmin, state.lifecycle.spaceDomain == space else { throw .forbidden }
    }

    private static func requireMayCreate(_ input: DecisionInput, _ caller: Caller, in space: SpaceID?) throws(Failure) {
        if caller.isRoot { return }
        guard let account = caller.account else { throw .forbidden }
        let state = input.account(account)
        guard state.roles.isAdmin, let space, state.lifecycle.space == space else { throw .forbidden }
    }

    private static func admit(_ new: NewAccount, to aggregate: Aggregate, at now: Moment) throws(Failure)
        -> SpaceSettings
    {
        guard case .space(let space) = aggregate, let settings = space.settings, space.isOpen else {
            throw .invalid(pointer: "/space", detail: "There is no Space with this domain.")
        }
        if let end = settings.expiresAt, end <= now { throw .conflict("The Space has expired.") }
        if let name = new.name, name.text.count < settings.usernameMinimumLength {
            throw .invalid(
                pointer: "/name", detail: "The Space wants at least \(settings.usernameMinimumLength) characters.")
        }
        if let password = new.password, password.count < settings.passwordMinimumLength {
            throw .invalid(
                pointer: "/password", detail: "The Space wants at least \(settings.passwordMinimumLength) bytes.")
        }
        return settings
    }

    static func emailClaim(_ email: EmailAddress, in space: SpaceID) -> String { "\(space)|\(email.text)" }
}
