public import AccountDomain
import EventCoding

extension AccountService {
    /// Opens a Space; root only.
    public func createSpace(_ settings: SpaceSettings, _ context: CommandContext) async throws(Failure) -> Appended {
        try AccessPolicy.requireRoot(context.caller)
        let (id, fresh) = newStream(context)
        return try await append(home: id, fresh: fresh, context) { input throws(Failure) in
            var decision = try Self.decide(.create(settings), id, input)
            decision.take(settings.domain.text, in: .spaceDomain, for: id)
            decision.take(settings.name.text, in: .spaceName, for: id)
            if let host = settings.host { decision.take(host.text, in: .spaceHost, for: id) }
            decision.limit(id, to: settings.maximumAccounts)
            return decision
        }
    }

    /// Changes a Space's settings; root only.
    ///
    /// A rule that present accounts violate is refused.
    ///
    /// - Parameters:
    ///   - id: the Space.
    ///   - context: the request.
    ///   - change: makes the new settings of the present ones.
    /// - Returns: the command's place in the log.
    /// - Throws: ``Failure/conflict(_:)`` when present accounts violate a rule.
    public func changeSpace(
        _ id: SpaceID, _ context: CommandContext,
        change: @escaping @Sendable (SpaceSettings) throws(Failure) -> SpaceSettings
    ) async throws(Failure) -> Appended {
        try AccessPolicy.requireRoot(context.caller)
        let present = try await reads.space(id)
        let shortest = try await shortestName(in: id, unless: present, change)
        let bound = try await newlyBound(in: present, change)
        do throws(Failure) {
            return try await append(home: id, streams: bound ?? [], context) { input throws(Failure) in
                guard case .space(let space) = input.aggregate(id), let old = space.settings, space.isOpen else {
                    throw .notFound
                }
                let new = try change(old)
                if let shortest, new.usernameMinimumLength > old.usernameMinimumLength,
                    shortest < new.usernameMinimumLength
                {
                    throw .conflict("An account of the Space has a shorter name.")
                }
                var decision = try Self.decide(.change(new), id, input)
                if new.name != old.name {
                    decision.take(new.name.text, in: .spaceName, for: id)
                    decision.release(old.name.text, in: .spaceName, from: id)
                }
                if new.host != old.host {
                    if let host = new.host { decision.take(host.text, in: .spaceHost, for: id) }
                    if let host = old.host { decision.release(host.text, in: .spaceHost, from: id) }
                }
                let isNewlyUnique = new.emailUnique && !old.emailUnique
                if isNewlyUnique { try Self.claimEmails(of: bound, in: id, input, &decision) }
                if isNewlyUnique || new.maximumAccounts != old.maximumAccounts {
                    decision.limit(id, to: new.maximumAccounts)
                }
                return decision
            }
        } catch {
            switch error {
            case .quotaExceeded: throw .conflict("The Space has more accounts than the new rules allow.")
            case .valueTaken(.spaceEmail): throw Self.sharedAddress
            default: throw error
            }
        }
    }

    /// How many accounts may be there when addresses become unique: they are all parts of that one append.
    private static let mostBound = 14

    private static var sharedAddress: Failure { .conflict("Two accounts of the Space have the same e-mail address.") }

    /// The accounts whose addresses a change makes unique; nil when it makes none so.
    private func newlyBound(
        in present: SpaceView, _ change: @Sendable (SpaceSettings) throws(Failure) -> SpaceSettings
    ) async throws(Failure) -> [AccountID]? {
        guard !present.settings.emailUnique, try change(present.settings).emailUnique else { return nil }
        guard present.accounts <= Self.mostBound else {
            throw .conflict(
                "E-mail addresses can be made unique only while the Space has at most \(Self.mostBound) accounts.")
        }
        var filter = AccountFilter()
        filter.space = present.id
        return try await reads.accounts(filter, PageRequest(limit: Self.mostBound)).items.map(\.id)
    }

    /// Takes the addresses of the accounts that a Space has, and makes sure that it has no others.
    private static func claimEmails(
        of accounts: [AccountID]?, in space: SpaceID, _ input: DecisionInput, _ decision: inout Decision
    ) throws(Failure) {
        guard let accounts else { throw premiseChanged }
        var known: Set<EmailAddress> = []
        for id in accounts where input.account(id).lifecycle.isLiving {
            for email in input.account(id).profile.emails {
                guard known.insert(email).inserted else { throw sharedAddress }
                decision.take(emailClaim(email, in: space), in: .spaceEmail, for: id)
            }
        }
        // An account that comes meanwhile is found by the append: for a moment there is no place for it.
        decision.limit(space, to: accounts.count)
    }

    /// Closes a Space; its accounts and then the Space itself are erased in the background.
    public func closeSpace(_ id: SpaceID, _ context: CommandContext) async throws(Failure) -> Appended {
        try AccessPolicy.requireRoot(context.caller)
        return try await append(home: id, context) { input throws(Failure) in try Self.decide(.close, id, input) }
    }

    /// Erases what is left of a closed Space: a resumable step of the background process.
    ///
    /// - Returns: whether there is nothing left to do.
    public func eraseClosedSpace(_ id: SpaceID, _ context: CommandContext) async throws(Failure) -> Bool {
        var filter = AccountFilter()
        filter.space = id
        let page = try await reads.accounts(filter, PageRequest(limit: 200))
        for account in page.items {
            do throws(Failure) { _ = try await erase(account.id, context) } catch {
                guard error == .erased || error == .notFound else { throw error }
            }
        }
        guard page.items.isEmpty else { return false }
        _ = try await append(home: id, context) { input throws(Failure) in
            guard case .space(let space) = input.aggregate(id), let settings = space.settings else { throw .notFound }
            var decision = try Self.decide(.end, id, input)
            guard !decision.parts.isEmpty else { return decision }
            decision.release(settings.domain.text, in: .spaceDomain, from: id)
            decision.release(settings.name.text, in: .spaceName, from: id)
            if let host = settings.host { decision.release(host.text, in: .spaceHost, from: id) }
            decision.destroyKey(of: id)
            return decision
        }
        return true
    }

    /// The stream of the Space with a domain.
    public func space(withDomain domain: String) async throws(Failure) -> SpaceID {
        guard let id = try await log.owner(of: domain, in: .spaceDomain) else { throw .notFound }
        return id
    }

    /// Length of the shortest account name of a Space, looked up only when a change could make it too short.
    private func shortestName(
        in id: SpaceID, unless present: SpaceView, _ change: @Sendable (SpaceSettings) throws(Failure) -> SpaceSettings
    ) async throws(Failure) -> Int? {
        guard try change(present.settings).usernameMinimumLength > present.settings.usernameMinimumLength,
            present.accounts > 0
        else { return nil }
        var filter = AccountFilter()
        filter.space = id
        var shortest: Int?
        var after: Int64 = 0
        while true {
            let page = try await reads.accounts(filter, PageRequest(after: after, limit: 1000))
            for record in page.items {
                guard let name = AccountView(record.id, record.view)?.name else { continue }
                shortest = min(shortest ?? name.count, name.count)
            }
            guard let next = page.next else { return shortest }
            after = next
        }
    }

    private static func decide(_ command: Space.Command, _ id: SpaceID, _ input: DecisionInput) throws(Failure)
        -> Decision
    {
        let space: Space
        switch input.aggregate(id) {
        case .space(let present): space = present
        case .empty:
            guard case .create = command else { throw .notFound }
            space = .missing
        case .account, .identity, .deployment, .activation: throw .notFound
        }
        var decision = Decision()
        do { decision.append(try space.decide(command).map { .space($0) }, to: id) } catch { throw .space(error) }
        return decision
    }
}
