public import AccountDomain
import EventCoding

extension MFAMethod {
    /// The strength of a log-in that lets an identity set its password without the old one.
    public var requiredStrength: Int {
        switch self {
        case .disabled: 1
        case .totp: 2
        case .webauthn: 3
        }
    }
}

extension AccountService {
    /// Sets a password without the old one, with a new secret storage in the place of the old, for an identity that
    /// logged in strongly enough.
    ///
    /// The backup stays, and is locked.
    ///
    /// - Throws: ``Failure/notFound`` when the identity is not the account's, ``Failure/forbidden`` for a log-in that is
    ///   too weak, ``Failure/valueTaken(_:)`` for a root key that is used.
    public func setPassword(
        of account: AccountID, _ password: PrehashedPassword, _ contents: SecretStorageContents, keys: IdentityKeys,
        _ context: CommandContext
    ) async throws(Failure) -> Appended {
        guard case .identity(let identity, let acr, _) = context.caller.principal else { throw .notFound }
        let verifier = password.verifier
        return try await append(home: account, streams: [identity], context) { input throws(Failure) in
            guard case .identity(let state) = input.aggregate(identity), state.account == account,
                input.account(account).lifecycle.isLiving
            else { throw .notFound }
            guard acr >= state.mfa.requiredStrength else { throw .forbidden }
            var (target, events) = (input.account(account), [AccountEvent]())
            var decision = Decision()
            // The identity's log-in stands in for the old password.
            try target.advance(.password(.replace(with: verifier, authority: .operator)), &events)
            try Self.install(contents, .install(contents, at: input.now), in: &target, account, &events, &decision)
            decision.append(events.map { .account($0) }, to: account)
            let told =
                try Self.deciding(.setPublicKeys(keys), identity, input)
                + Self.deciding(.notify(.passwordReset), identity, input)
            decision.append(told.map { .identity($0) }, to: identity)
            return decision
        }
    }

    /// Moves an account from its backup to a secret storage; the password stays.
    ///
    /// - Parameters:
    ///   - account: the caller's account.
    ///   - contents: the storage.
    ///   - keys: the identity's public keys; nil exactly when it has some.
    ///   - context: the request.
    /// - Returns: the command's place in the log.
    /// - Throws: ``Failure/account(_:)`` with `secretStorage(_:)`, or with `password(_:)` for an account of another
    ///   system; ``Failure/invalid(pointer:detail:)`` for keys that must not or must be there;
    ///   ``Failure/valueTaken(_:)``.
    public func migrate(
        _ account: AccountID, to contents: SecretStorageContents, keys: IdentityKeys?, _ context: CommandContext
    ) async throws(Failure) -> Appended {
        guard case .identity(let identity, _, _) = context.caller.principal else { throw .notFound }
        return try await append(to: account, act: .change, with: [identity], context) {
            input, target throws(Failure) in
            guard case .identity(let known) = input.aggregate(identity) else { throw .notFound }
            // Its root key is sealed under the password, which must then change nowhere but at this door.
            let system = target.state.lifecycle.system
            guard system == .misakey else { throw .account(.password(.managedAtItsDoor(system))) }
            guard (known.publicKeys == nil) == (keys != nil) else {
                throw .invalid(
                    pointer: "/pubkey", detail: keys == nil ? "required" : "conflict")
            }
            var (state, events) = (target.state, [AccountEvent]())
            var decision = Decision()
            try Self.install(contents, .migrate(contents, at: input.now), in: &state, account, &events, &decision)
            decision.append(events.map { .account($0) }, to: account)
            if let keys {
                decision.append(
                    try Self.deciding(.setPublicKeys(keys), identity, input).map { .identity($0) }, to: identity)
            }
            return decision
        }
    }

    private static func install(
        _ contents: SecretStorageContents, _ command: SecretStorage.Command, in account: inout Account,
        _ id: AccountID, _ events: inout [AccountEvent], _ decision: inout Decision
    ) throws(Failure) {
        let former = account.secretStorage.rootKey
        try account.advance(.secretStorage(command), &events)
        try account.advance(.backup(.lock), &events)
        decision.take(contents.rootKey.hash, in: .misakeyRootKey, for: id)
        if let former { decision.release(former.hash, in: .misakeyRootKey, from: id) }
    }

    /// Changes what a secret storage holds.
    ///
    /// - Throws: ``Failure/account(_:)`` with `secretStorage(_:)`.
    public func changeSecretStorage(
        of account: AccountID, _ context: CommandContext,
        _ command: @escaping @Sendable (Moment) -> SecretStorage.Command
    ) async throws(Failure) -> Appended {
        try await append(to: account, act: .change, context) { input, target throws(Failure) in
            Decision(target.id, try target.state.deciding(.secretStorage(command(input.now))))
        }
    }
}
