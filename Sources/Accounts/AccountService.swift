public import AccountDomain
import EventCoding

/// The use cases: load, decide, append; decide again when another writer was first.
///
/// Doors translate requests into these calls and nothing else. Every command asserts the caller's streams, so that a
/// credential that ended meanwhile ends here.
public struct AccountService: Sendable {
    let log: any EventLog
    let reads: any ReadModels
    let passwords: any PasswordHasher
    let keyPairs: any KeyPairMaker
    let settings: AccountSettings
    let derivedStream: @Sendable (CommandID) -> StreamID
    let drawKeyID: @Sendable () -> KeyID
    let redemptions = Turns<ActivationID>()

    /// The use cases on a log and its read models.
    ///
    /// - Parameters:
    ///   - log: the event log.
    ///   - reads: the read models.
    ///   - passwords: makes and checks verifiers.
    ///   - keyPairs: makes RSA pairs.
    ///   - settings: what the deployment fixes.
    ///   - derivedStream: the id of the stream that a keyed creation makes.
    ///   - drawKeyID: draws the id of a new key; at random, unless told otherwise.
    public init(
        log: any EventLog, reads: any ReadModels, passwords: any PasswordHasher, keyPairs: any KeyPairMaker,
        settings: AccountSettings, derivedStream: @escaping @Sendable (CommandID) -> StreamID,
        drawKeyID: (@Sendable () -> KeyID)? = nil
    ) {
        self.log = log
        self.reads = reads
        self.passwords = passwords
        self.keyPairs = keyPairs
        self.settings = settings
        self.derivedStream = derivedStream
        self.drawKeyID = drawKeyID ?? { MintedKey.drawID() }
    }

    /// Executes a command on one account.
    ///
    /// - Throws: ``Failure``.
    public func execute(
        _ command: AccountCommand, on account: AccountID, act: AccessPolicy.Act = .change, _ context: CommandContext
    ) async throws(Failure) -> Appended {
        try await append(to: account, act: act, context) { _, account throws(Failure) in
            Decision(account.id, try account.state.deciding(command))
        }
    }

    /// An account under decision.
    struct Target: Sendable {
        let id: AccountID
        let state: Account
        let standing: AccessPolicy.Standing
    }

    /// Appends what `decide` makes of an account, once the caller may do that.
    func append(
        to account: AccountID, act: AccessPolicy.Act, with others: [StreamID] = [], _ context: CommandContext,
        decide: @escaping @Sendable (DecisionInput, Target) throws(Failure) -> Decision
    ) async throws(Failure) -> Appended {
        try await append(home: account, streams: others, context) { input throws(Failure) in
            let state = input.account(account)
            let standing = try AccessPolicy.standing(
                of: context.caller, callersAccount: context.caller.account.map { input.account($0) }, to: account,
                in: state.lifecycle.space, for: act)
            guard !state.lifecycle.isMissing else { throw .notFound }
            guard state.lifecycle.isLiving else { throw context.caller.isRoot ? .erased : .notFound }
            return try decide(input, Target(id: account, state: state, standing: standing))
        }
    }

    /// Appends a decision on a home stream and others, asserting the caller and the version it expects.
    func append(
        home: StreamID, streams: [StreamID] = [], fresh: Set<StreamID> = [], _ context: CommandContext,
        decide: @escaping @Sendable (DecisionInput) throws(Failure) -> Decision
    ) async throws(Failure) -> Appended {
        var all = [home]
        for stream in streams + context.caller.streams where !all.contains(stream) { all.append(stream) }
        var generator = StockedRandomNumberGenerator()
        let command = LogCommand(
            id: context.idempotency?.command ?? CommandID.random(using: &generator), home: home, streams: all,
            fresh: fresh, meta: context.meta, requestDigest: context.idempotency?.requestDigest,
            deadline: context.deadline,
            authorize: { input throws(Failure) in try context.caller.verify(input.aggregate) }
        ) { input throws(Failure) in
            if let expected = context.expectedVersion, input.version(home) != expected {
                // Whoever may not see the stream learns nothing of its version; what else would be refused comes after.
                do throws(Failure) { _ = try decide(input) } catch {
                    if error.isAboutTheCaller { throw error }
                }
                throw .preconditionFailed(current: input.version(home))
            }
            return try decide(input)
        }
        return try await log.append(command)
    }

    /// The stream that a creation makes, and whether its id was just drawn.
    func newStream(_ context: CommandContext) -> (id: StreamID, fresh: Set<StreamID>) {
        if let command = context.idempotency?.command { return (derivedStream(command), []) }
        var generator = StockedRandomNumberGenerator()
        let id = StreamID.random(using: &generator)
        return (id, [id])
    }
}

extension Failure {
    /// Whether it is refused because of who asks, or because there is nothing that could be asked.
    fileprivate var isAboutTheCaller: Bool {
        switch self {
        case .notFound, .forbidden, .unauthorized, .callerBlocked, .erased, .fault: true
        case .account(let refusal): refusal == .missing || refusal == .erased
        case .identity(let refusal): refusal == .missing || refusal == .ended
        case .space(let refusal): refusal == .missing
        default: false
        }
    }
}
