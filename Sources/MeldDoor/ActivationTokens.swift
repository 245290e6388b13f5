import AccountDomain
import Crypto
import EventCoding
import StrictJSON

/// What a client shows to redeem an activation, opened.
struct ActivationToken: Sendable, Equatable {
    let activation: ActivationID
    let name: AccountName
    let email: EmailAddress
    let issuedAt: Int64
    let expiresAt: Int64

    /// How long it is redeemed, in seconds.
    static let lifetimeSeconds: Int64 = 600

    func hasExpired(at now: Moment) -> Bool { now.microseconds / 1_000_000 >= expiresAt }
}

/// Seals and opens the `jwe` of activations: opaque to clients, under a key of the deployment.
///
/// The code is no part of it, so that nobody who asked for one can try codes without asking us.
struct ActivationTokens: Sendable {
    private static let version: UInt8 = 1
    private static let headLength = 1 + 16

    let key: SymmetricKey

    /// The text of a token: `0x01 ‖ activation ‖ nonce ‖ ciphertext ‖ tag`, in standard base64.
    func seal(_ token: ActivationToken) throws -> String {
        var json = JSONWriter()
        json.beginObject()
        json.key("sub")
        json.string(token.name.text)
        json.key("email")
        json.string(token.email.text)
        json.key("iat")
        json.integer(token.issuedAt)
        json.key("exp")
        json.integer(token.expiresAt)
        json.endObject()
        let head = [Self.version] + token.activation.bytes
        let box = try AES.GCM.seal(json.bytes, using: key, authenticating: head)
        return Base64.encode(head + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag))
    }

    /// Opens a presented text, expired or not; nil when it was not sealed here.
    func open(_ text: String) -> ActivationToken? {
        guard text.utf8.count <= 2_048, let bytes = Base64.decode(text), bytes.count > Self.headLength + 28,
            bytes[0] == Self.version, let box = try? AES.GCM.SealedBox(combined: bytes[Self.headLength...]),
            let plain = try? AES.GCM.open(box, using: key, authenticating: bytes[..<Self.headLength]),
            let json = (try? JSONReader.read([UInt8](plain)))?.objectValue,
            let name = json["sub"]?.stringValue, let email = json["email"]?.stringValue,
            let issuedAt = json["iat"]?.integerValue, let expiresAt = json["exp"]?.integerValue
        else { return nil }
        func word(_ offset: Int) -> UInt64 { bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return ActivationToken(
            activation: ActivationID(high: word(1), low: word(9)), name: AccountName(stored: name),
            email: EmailAddress(stored: email), issuedAt: issuedAt, expiresAt: expiresAt)
    }
}
