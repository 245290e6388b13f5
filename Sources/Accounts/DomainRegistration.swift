public import AccountDomain
import EventCoding

extension AccountService {
    /// Registers a domain that the account, one of its administrators or root names.
    ///
    /// - Returns: the command's place; without events when the domain was registered before.
    /// - Throws: ``Failure/forbidden`` for anybody else.
    public func registerDomain(
        _ domain: DomainName, of account: AccountID, named name: AccountName, _ context: CommandContext
    ) async throws(Failure) -> Appended {
        try await append(home: account, context) { input throws(Failure) in
            let state = input.account(account)
            guard AccessPolicy.mayUseDomains(of: account, state, caller: context.caller) else { throw .forbidden }
            guard state.lifecycle.isLiving, state.profile.name == name else { throw .notFound }
            return Decision(account, try state.deciding(.domains(.create(domain))))
        }
    }

    /// Registers a domain under a drawn name, for anybody, where the account's naming allows it.
    ///
    /// - Throws: ``Failure/forbidden`` where it does not.
    public func registerDrawnDomain(of account: AccountID, named name: AccountName, _ context: CommandContext)
        async throws(Failure) -> DomainName
    {
        var generator = SystemRandomNumberGenerator()
        let domain = DomainName.drawn(using: &generator)
        _ = try await append(home: account, context) { input throws(Failure) in
            let state = input.account(account)
            guard state.lifecycle.isLiving, state.profile.name == name, state.naming.contexts.contains(.uuid) else {
                throw .forbidden
            }
            return Decision(account, try state.deciding(.domains(.create(domain))))
        }
        return domain
    }
}
