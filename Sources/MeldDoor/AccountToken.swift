import AccountDomain
import DoorKit
import StrictJSON

/// A token that an account signed with the RSA pair of one of its keys: a JWT (RFC 7519), RS256 and nothing else.
struct AccountToken: Sendable {
    /// The key that it says to be signed with.
    let keyID: KeyID
    /// The account that it says to come from: a name, or an identity.
    let issuer: String
    /// The end user that it is for.
    let subject: String?
    /// Whom it is meant for.
    let audiences: [String]
    /// What was signed.
    let signed: [UInt8]
    /// The signature.
    let signature: [UInt8]
    private let expiresAt: Double?
    private let notBefore: Double?

    /// Takes a compact token apart; nothing in it is believed yet.
    ///
    /// - Returns: nil for any other form, another algorithm, and anything that claims to be critical.
    init?(_ text: String) {
        guard text.utf8.count <= 8_192 else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Base64URL.decode(String(parts[2])), !signature.isEmpty,
            header["alg"]?.stringValue == "RS256", header["crit"] == nil,
            let keyID = header["kid"]?.stringValue.flatMap({ KeyID($0) }), let issuer = claims["iss"]?.stringValue
        else { return nil }
        self.keyID = keyID
        self.issuer = issuer
        self.signature = signature
        signed = Array(text.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        switch claims["sub"] {
        case nil: subject = nil
        case .string(let text)?: subject = text
        default: return nil
        }
        switch claims["aud"] {
        case .string(let text)?: audiences = [text]
        case .array(let values)?: audiences = values.compactMap(\.stringValue)
        default: audiences = []
        }
        do throws(NotANumber) {
            expiresAt = try Self.number(claims["exp"])
            notBefore = try Self.number(claims["nbf"])
        } catch { return nil }
    }

    private struct NotANumber: Error {}

    private static func object(_ part: Substring) -> JSONObject? {
        guard let bytes = Base64URL.decode(String(part)) else { return nil }
        return (try? JSONReader.read(bytes))?.objectValue
    }

    private static func number(_ value: JSONValue?) throws(NotANumber) -> Double? {
        switch value {
        case nil: return nil
        case .integer(let seconds)?: return Double(seconds)
        case .number(let text)?:
            guard let seconds = Double(text) else { throw NotANumber() }
            return seconds
        default: throw NotANumber()
        }
    }

    /// Whether its time has come and has not passed; without leeway.
    func isInForce(at now: Moment) -> Bool {
        let seconds = Double(now.microseconds) / 1_000_000
        if let expiresAt, !(seconds < expiresAt) { return false }
        if let notBefore, !(seconds >= notBefore) { return false }
        return true
    }

    // MARK: Minting

    /// How long a minted token lives, in seconds.
    static let lifetimeSeconds: Int64 = 600

    /// The audience of minted tokens: connections to domains, not the account API.
    static func remotesAudience(_ domain: String) -> String { "http://\(domain)/#remotes" }

    /// What is signed of a new token: header and claims.
    static func unsigned(
        keyID: KeyID, issuer: String, subject: String?, audience: String, at now: Moment
    ) -> [UInt8] {
        let issuedAt = now.microseconds / 1_000_000
        var header = JSONWriter()
        header.beginObject()
        header.key("alg")
        header.string("RS256")
        header.key("typ")
        header.string("JWT")
        header.key("kid")
        header.string(keyID.description)
        header.endObject()
        var claims = JSONWriter()
        claims.beginObject()
        claims.key("iss")
        claims.string(issuer)
        if let subject {
            claims.key("sub")
            claims.string(subject)
        }
        claims.key("aud")
        claims.string(audience)
        claims.key("iat")
        claims.integer(issuedAt)
        claims.key("exp")
        claims.integer(issuedAt + lifetimeSeconds)
        claims.endObject()
        return Array("\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))".utf8)
    }
}
