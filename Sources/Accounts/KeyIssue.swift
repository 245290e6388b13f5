public import AccountDomain
import EventCoding

/// A key that was just issued: the only moment its secret is known.
public struct NewKey: Sendable {
    /// The event's place, and whether it was issued by an earlier request.
    public let appended: Appended
    /// The key's id, as recorded.
    public let id: KeyID
    /// `appId.keyid:secret`; nil for a repeat.
    public let keyString: String?
    /// The RSA pair, when one was asked for; the private half is nil for a repeat.
    public let publicKey: [UInt8]?
    /// The private half, encrypted under the secret.
    public let privateKeySealed: [UInt8]?
}

extension AccountService {
    /// Issues a key.
    ///
    /// Its secret is shown once and kept only as a digest.
    public func issueKey(_ kind: KeyKind, label: KeyLabel?, for account: AccountID, _ context: CommandContext)
        async throws(Failure) -> NewKey
    {
        try await requireStanding(context, to: account, for: .change)
        return try await appendingKey(kind, label: label) { minted throws(Failure) in
            try await append(to: account, act: .change, context) { _, target throws(Failure) in
                var decision = Decision()
                var (state, events) = (target.state, [AccountEvent]())
                try Self.issue(minted, to: target.id, &state, &events, &decision)
                decision.append(events.map { .account($0) }, to: target.id)
                return decision
            }
        }
    }

    /// Mints a key and appends with it, and again with another id while the id is in use.
    func appendingKey(
        _ kind: KeyKind, label: KeyLabel?, _ append: (MintedKey) async throws(Failure) -> Appended
    ) async throws(Failure) -> NewKey {
        var minted = try await mintKey(kind, label: label)
        for _ in 0..<8 {
            do throws(Failure) { return minted.shown(try await append(minted), settings) } catch {
                // 24 bits collide early: draw again.
                guard error == .valueTaken(.keyID) || error == .account(.accessKeys(.idTaken)) else { throw error }
                minted = redrawingID(minted)
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// Draws a key, with an RSA pair from the stock for a kind that has one.
    func mintKey(_ kind: KeyKind, label: KeyLabel?) async throws(Failure) -> MintedKey {
        let secret = MintedKey.drawSecret()
        let pair: RSAPair? =
            kind == .rsa ? try await keyPairs.rsaPair(encryptedUnder: Array(secret.utf8)) : nil
        return MintedKey(id: drawKeyID(), secret: secret, kind: kind, label: label, pair: pair)
    }

    /// The same key under another id: its secret and its pair were shown to nobody.
    func redrawingID(_ key: MintedKey) -> MintedKey {
        MintedKey(id: drawKeyID(), secret: key.secret, kind: key.kind, label: key.label, pair: key.pair)
    }

    /// Decides that an account gets a key, whose id must be unique in the whole deployment.
    static func issue(
        _ key: MintedKey, to account: AccountID, _ state: inout Account, _ events: inout [AccountEvent],
        _ decision: inout Decision
    ) throws(Failure) {
        try state.advance(.accessKeys(.issue(key.issued)), &events)
        decision.take(key.id.description, in: .keyID, for: account)
    }

    /// Revokes a key.
    public func revokeKey(_ key: KeyID, of account: AccountID, _ context: CommandContext) async throws(Failure)
        -> Appended
    {
        try await execute(.accessKeys(.revoke(key)), on: account, context)
    }
}

/// A key between its drawing and its answer, the only holder of its secret.
///
/// Forty random bytes in the letters a…p: six letters of id, seventy-four of secret.
struct MintedKey: Sendable {
    let id: KeyID
    let secret: String
    let kind: KeyKind
    let label: KeyLabel?
    let pair: RSAPair?

    /// The key as it is recorded.
    var issued: IssuedKey {
        IssuedKey(
            id: id, kind: kind, label: label, secretDigest: Digest.sha256(of: Array(secret.utf8)),
            publicKey: pair?.publicKey, privateKeySealed: pair?.privateKeySealed)
    }

    /// The key as its owner is told of it, this once.
    func shown(_ appended: Appended, _ settings: AccountSettings) -> NewKey {
        var recorded: IssuedKey?
        for event in appended.events {
            if case .account(.accessKeys(.issued(let key))) = event.event { recorded = key }
        }
        // When the first answer was lost on its way from the database, the event found there is our own.
        let isNew = !appended.isReplay || recorded?.secretDigest == issued.secretDigest
        return NewKey(
            appended: appended, id: recorded?.id ?? id,
            keyString: isNew ? "\(settings.applicationID).\(id):\(secret)" : nil,
            publicKey: recorded?.publicKey ?? pair?.publicKey, privateKeySealed: isNew ? pair?.privateKeySealed : nil)
    }

    static func drawSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        let letters = Array("ghijklmnopabcdef".utf8)
        var secret: [UInt8] = []
        secret.reserveCapacity(74)
        for _ in 0..<74 { secret.append(letters[Int.random(in: 0..<16, using: &generator)]) }
        return String(decoding: secret, as: UTF8.self)
    }

    /// Draws an id.
    static func drawID() -> KeyID {
        var generator = SystemRandomNumberGenerator()
        return KeyID(bits: UInt32.random(in: 0..<(1 << 24), using: &generator))
    }
}
