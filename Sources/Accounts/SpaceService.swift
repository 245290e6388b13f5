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
        do throws(Failure) {
            return try await append(home: id, context) { input throws(Failure) in
                guard case .space(let space) = input.aggregate(id), let old = space.settings, space.isOpen else {
                    throw .notFound
                }
                let new = try change(old)
                if new.emailUnique, !old.emailUnique, present.accounts > 0 {
                    throw .conflict("E-mail addresses can be made unique only while the Space has no accounts.")
                }
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
                if new.maximumAccounts != old.maximumAccounts { decision.limit(id, to: new.maximumAccounts) }
                return decision
            }
        } catch {
            throw error == .quotaExceeded ? .conflict("The Space has more accounts than this limit.") : error
        }
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
