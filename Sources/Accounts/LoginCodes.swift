public import AccountDomain
public import EventCoding

/// The codes that are mailed to log in with: derived, so that they are stored nowhere (docs/log.md).
public enum LoginCodeText {
    /// What the outbox calls their mails, and what they are derived for.
    public static let kind = "misakey.login_code"

    /// The code of six digits that an event asks to be mailed.
    public static func text(_ key: StreamKey, command: CommandID, ordinal: Int) -> String {
        let bytes = key.derivedSecret(command: command, kind: kind, ordinal: ordinal, byteCount: 8)
        let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 1_000_000
        let digits = String(number)
        return String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }

    static func verifier(_ text: String, _ key: StreamKey) -> Digest { key.digest(kind, text.utf8) }
}

extension AccountService {
    /// The identity known by an address.
    public func identity(known identifier: Identifier) async throws(Failure) -> IdentityID? {
        guard let id = try await log.owner(of: identifier.text, in: .identity),
            case .identity(let identity) = try await currentState(of: id), identity.identifier == identifier
        else { return nil }
        return id
    }

    /// Makes the identity of an address that nobody had yet, for somebody who wants to log in, and mails it a code.
    ///
    /// - Throws: ``Failure/valueTaken(_:)`` when another request was first.
    public func admitIdentity(_ identifier: Identifier, _ context: CommandContext) async throws(Failure) -> IdentityID {
        var generator = SystemRandomNumberGenerator()
        let id = IdentityID.random(using: &generator)
        _ = try await append(home: id, fresh: [id], context) { input throws(Failure) in
            var identity = Identity.missing
            var decision = Decision()
            do {
                let events = try identity.decide(.create(identifier))
                for event in events { identity.apply(event) }
                decision.append(
                    (events + (try Self.issueCode(to: identity, id, input))).map { .identity($0) }, to: id)
            } catch let refusal as Identity.Refusal { throw .identity(refusal) } catch { throw .erased }
            decision.take(identifier.text, in: .identity, for: id)
            return decision
        }
        return id
    }

    /// Mails a code to an identity, unless one that was mailed lately still lives.
    public func mailCode(to id: IdentityID, _ context: CommandContext) async throws(Failure) -> Appended {
        try await append(home: id, context) { input throws(Failure) in
            guard case .identity(let identity) = input.aggregate(id) else { throw .notFound }
            var decision = Decision()
            do {
                decision.append(try Self.issueCode(to: identity, id, input).map { .identity($0) }, to: id)
            } catch let refusal as Identity.Refusal { throw .identity(refusal) } catch { throw .erased }
            return decision
        }
    }

    private static func issueCode(to identity: Identity, _ id: IdentityID, _ input: DecisionInput) throws
        -> [Identity.Event]
    {
        guard let key = input.key(of: id), let recipient = identity.identifier else { throw Failure.erased }
        let ordinal = identity.codes.issued + 1
        let text = LoginCodeText.text(key, command: input.command, ordinal: ordinal)
        return try identity.decide(
            .issueCode(
                LoginCode(
                    ordinal: ordinal, recipient: recipient, verifier: LoginCodeText.verifier(text, key),
                    now: input.now), at: input.now))
    }

    /// Tries a code; a wrong one is counted in the append that answers it.
    ///
    /// - Returns: whether it was right.
    /// - Throws: ``Failure/identity(_:)`` with `noCode`, ``Failure/notFound``, ``Failure/callerBlocked`` for a
    ///   right one of a blocked account, which is not used up.
    public func tryCode(_ text: String, of id: IdentityID, _ context: CommandContext) async throws(Failure) -> Bool {
        for _ in 0..<4 {
            do throws(Failure) { return try await tryCodeOnce(text, of: id, context) } catch {
                guard error == Self.premiseChanged else { throw error }
                log.forget(id)
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    private func tryCodeOnce(_ text: String, of id: IdentityID, _ context: CommandContext) async throws(Failure)
        -> Bool
    {
        guard case .identity(let identity) = try await log.state(of: id).aggregate else { throw .notFound }
        let linked = identity.account
        let appended = try await append(home: id, streams: linked.map { [$0] } ?? [], context) {
            input throws(Failure) in
            guard let key = input.key(of: id) else { throw .notFound }
            guard case .identity(let identity) = input.aggregate(id) else { throw .notFound }
            guard identity.account == linked else { throw Self.premiseChanged }
            let events = try Self.deciding(
                .tryCode(LoginCodeText.verifier(text, key), at: input.now), id, input)
            // Told to who knows the code, and to nobody else.
            if let linked, case .codeUsed = events.first, input.account(linked).lifecycle.isBlocked {
                throw .callerBlocked
            }
            var decision = Decision()
            decision.append(events.map { .identity($0) }, to: id)
            return decision
        }
        if case .identity(.codeUsed) = appended.events.first?.event { return true }
        return false
    }
}
