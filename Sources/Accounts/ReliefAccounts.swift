public import AccountDomain
import EventCoding

/// A password that the client hashed, as it came in.
public struct PrehashedPassword: Sendable, Equatable {
    /// What the client hashed with.
    public let parameters: PrehashParameters
    /// What came of it.
    public let prehash: [UInt8]

    /// A prehashed password.
    public init(parameters: PrehashParameters, prehash: [UInt8]) {
        self.parameters = parameters
        self.prehash = prehash
    }

    /// A verifier of it, under a key drawn anew.
    var verifier: PasswordVerifier { .argon2ServerRelief(ReliefVerifier(of: prehash, parameters)) }

    func matches(_ verifier: PasswordVerifier?) -> Bool {
        if case .argon2ServerRelief(let relief) = verifier { relief.matches(prehash) } else { false }
    }
}

/// A backup as a client writes it: base64 of its own, in whatever spelling.
public struct BackupText: Sendable, Equatable {
    /// What it stands for.
    public let data: [UInt8]
    /// Its last four characters, where everybody else would write others.
    public let ending: String?

    /// A backup.
    public init(data: [UInt8], ending: String?) {
        self.data = data
        self.ending = ending
    }
}

/// A change of a password, and what changes with it.
public struct PasswordChange: Sendable {
    /// The password that there is.
    public var old: PrehashedPassword
    /// The one that takes its place.
    public var new: PrehashedPassword
    /// The root key of the secret storage, encrypted under the new one.
    public var encryptedRootKey: String?
    /// The backup, encrypted under the new one.
    public var backup: (text: BackupText, version: Int)?

    /// A change.
    public init(
        old: PrehashedPassword, new: PrehashedPassword, encryptedRootKey: String?,
        backup: (text: BackupText, version: Int)?
    ) {
        self.old = old
        self.new = new
        self.encryptedRootKey = encryptedRootKey
        self.backup = backup
    }
}

extension AccountService {
    /// Makes the account of an identity, which must have none: of the Misakey system, activated, with its first backup.
    ///
    /// - Throws: ``Failure/identity(_:)`` with `alreadyLinked(to:)`.
    public func createAccount(
        of identity: IdentityID, password: PrehashedPassword, backup text: BackupText, _ context: CommandContext
    ) async throws(Failure) -> AccountID {
        if case .identity(let state) = try await log.state(of: identity).aggregate, let linked = state.account {
            // Confirmed by an append that changes nothing, before anything is stored.
            _ = try await append(home: identity, context) { input throws(Failure) in
                _ = try Self.deciding(.link(linked), identity, input)
                throw Self.premiseChanged
            }
        }
        var generator = SystemRandomNumberGenerator()
        let id = AccountID.random(using: &generator)
        let backup = try await backupVersion(1, text.data, ending: text.ending, for: id)
        let verifier = password.verifier
        _ = try await append(home: identity, streams: [id], fresh: [id], context) { input throws(Failure) in
            let linked = try Self.deciding(.link(id), identity, input)
            var account = input.account(id)
            var events: [AccountEvent] = []
            try account.advance(.lifecycle(.create(Creation(system: .misakey, activated: true))), &events)
            try account.advance(.password(.replace(with: verifier, authority: .operator)), &events)
            try account.advance(.backup(.put(backup)), &events)
            try account.advance(.identities(.link(identity)), &events)
            var decision = Decision()
            decision.append(
                (linked + (try Self.deciding(.notify(.accountCreated), identity, input))).map { .identity($0) },
                to: identity)
            decision.append(events.map { .account($0) }, to: id)
            return decision
        }
        return id
    }

    /// Changes a password that the client hashed, with the root key or the backup that it encrypts, in one append.
    ///
    /// The old password is compared within the decision, so of parallel changes one alone finds it right.
    ///
    /// - Throws: ``Failure/wrongPassword``, ``Failure/account(_:)`` with `backup(_:)`.
    public func changePassword(of account: AccountID, _ change: PasswordChange, _ context: CommandContext)
        async throws(Failure) -> Appended
    {
        var backup: BackupVersion?
        if let (text, version) = change.backup {
            // A blob is stored only for who would be let through as things stand.
            let placeholder = BackupVersion(version: version, length: 0, sha256: .sha256(of: []), content: .inline([]))
            if text.data.count > Self.inlineBytes {
                let state = try await visibleState(account, to: context.caller, for: .change)
                do { _ = try Self.decide(change, backup: placeholder, with: nil, on: state) } catch {
                    return try await append(to: account, act: .change, context) { _, target throws(Failure) in
                        _ = try Self.decide(change, backup: placeholder, with: nil, on: target.state)
                        throw Self.premiseChanged
                    }
                }
            }
            backup = try await backupVersion(version, text.data, ending: text.ending, for: account)
        }
        let (stored, verifier) = (backup, change.new.verifier)
        return try await append(to: account, act: .change, context) { _, target throws(Failure) in
            Decision(target.id, try Self.decide(change, backup: stored, with: verifier, on: target.state))
        }
    }

    /// Locks are looked at first, then the old password, then the version of the backup.
    private static func decide(
        _ change: PasswordChange, backup: BackupVersion?, with verifier: PasswordVerifier?, on present: Account
    ) throws(Failure) -> [AccountEvent] {
        var account = present
        if backup != nil, account.backup.isLocked { throw .account(.backup(.locked)) }
        guard change.old.matches(account.password.verifier) else { throw .wrongPassword }
        var events: [AccountEvent] = []
        if let verifier {
            let proof = PasswordProof(revision: account.password.revision, matches: true)
            try account.advance(.password(.replace(with: verifier, authority: .owner(proof: proof))), &events)
        }
        if let encrypted = change.encryptedRootKey {
            try account.advance(.secretStorage(.changeRootKey(encrypted: encrypted)), &events)
        }
        if let backup { try account.advance(.backup(.put(backup)), &events) }
        return events
    }

    /// Compares a password for a log-in, against the account as it is.
    ///
    /// - Throws: ``Failure/wrongPassword``; ``Failure/callerBlocked`` for a right one of a blocked account.
    public func checkPassword(_ password: PrehashedPassword, of identity: IdentityID) async throws(Failure) {
        for _ in 0..<4 {
            let seen = try await log.state(of: identity)
            guard case .identity(let state) = seen.aggregate, let id = state.account else {
                if try await isCurrent([seen]) { throw .wrongPassword }
                continue
            }
            let found = try await log.state(of: id)
            guard try await isCurrent([seen, found]) else { continue }
            guard case .account(let account) = found.aggregate, account.lifecycle.isLiving,
                password.matches(account.password.verifier)
            else { throw .wrongPassword }
            if account.lifecycle.isBlocked { throw .callerBlocked }
            return
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// A stream's state with every acknowledged write in it, whichever gateway made it.
    public func currentState(of stream: StreamID) async throws(Failure) -> Aggregate {
        for _ in 0..<4 {
            let state = try await log.state(of: stream)
            if try await isCurrent([state]) { return state.aggregate }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// Whether states are those of the log, and not a second old; the cache forgets those that are not.
    private func isCurrent(_ states: [StreamState]) async throws(Failure) -> Bool {
        let seen = states.map { SeenStream(stream: $0.stream, version: $0.version, position: $0.seen) }
        guard try await reads.haveMoved(seen) else { return true }
        for state in states { log.forget(state.stream) }
        return false
    }

    /// What a command makes of an identity among a decision's streams.
    static func deciding(_ command: Identity.Command, _ id: IdentityID, _ input: DecisionInput) throws(Failure)
        -> [Identity.Event]
    {
        guard case .identity(let identity) = input.aggregate(id) else { throw .notFound }
        do { return try identity.decide(command) } catch { throw .identity(error) }
    }
}
