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
        for _ in 0..<8 {
            let drawn = DrawnKey.draw()
            let pair: RSAPair? =
                kind == .rsa ? try await keyPairs.rsaPair(encryptedUnder: Array(drawn.secret.utf8)) : nil
            let issued = IssuedKey(
                id: drawn.id, kind: kind, label: label, secretDigest: Digest.sha256(of: Array(drawn.secret.utf8)),
                publicKey: pair?.publicKey, privateKeySealed: pair?.privateKeySealed)
            do throws(Failure) {
                let appended = try await append(to: account, act: .change, context) { _, target throws(Failure) in
                    var decision = Decision(target.id, try target.state.deciding(.accessKeys(.issue(issued))))
                    decision.take(issued.id.description, in: .keyID, for: target.id)
                    return decision
                }
                guard case .account(.accessKeys(.issued(let recorded))) = appended.events.first?.event else {
                    throw Failure.fault("a key was issued without its event")
                }
                // When the first answer was lost on its way from the database, the event found there is our own.
                let isNew = !appended.isReplay || recorded.secretDigest == issued.secretDigest
                return NewKey(
                    appended: appended, id: recorded.id,
                    keyString: isNew ? "\(settings.applicationID).\(drawn.id):\(drawn.secret)" : nil,
                    publicKey: recorded.publicKey, privateKeySealed: isNew ? pair?.privateKeySealed : nil)
            } catch {
                // 24 bits collide early: draw again.
                guard error == .valueTaken(.keyID) || error == .account(.accessKeys(.idTaken)) else { throw error }
            }
        }
        throw .unavailable(retryAfterSeconds: 1)
    }

    /// Revokes a key.
    public func revokeKey(_ key: KeyID, of account: AccountID, _ context: CommandContext) async throws(Failure)
        -> Appended
    {
        try await execute(.accessKeys(.revoke(key)), on: account, context)
    }
}

/// Forty random bytes in the letters a…p: six letters of id, seventy-four of secret.
struct DrawnKey {
    let id: KeyID
    let secret: String

    static func draw() -> DrawnKey {
        var generator = SystemRandomNumberGenerator()
        let id = KeyID(bits: UInt32.random(in: 0..<(1 << 24), using: &generator))
        let letters = Array("ghijklmnopabcdef".utf8)
        var secret: [UInt8] = []
        secret.reserveCapacity(74)
        for _ in 0..<74 { secret.append(letters[Int.random(in: 0..<16, using: &generator)]) }
        return DrawnKey(id: id, secret: String(decoding: secret, as: UTF8.self))
    }
}
