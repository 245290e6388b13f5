import AccountDomain
import StrictJSON

/// A connection to a domain that somebody asks for.
struct RemoteConnection: Sendable {
    /// How a connection was accepted.
    enum Means: String, Sendable { case anon, key, jwt, root }

    /// A connection that may be made.
    struct Accepted: Sendable {
        let account: String
        let user: String?
        let by: Means
    }

    /// The account whose rule applies: the one in the domain's name, root's for the gateway's own domain.
    let account: AccountName
    /// The domain below it; nil for the gateway's own.
    let domain: DomainName?
    let user: AccountName?
    let key: String?
    let jwt: String?

    /// Whether nothing was presented.
    var isAnonymous: Bool { user == nil && key == nil && jwt == nil }

    /// Reads `{"@domain","auth":{"user"?,"key"?,"jwt"?}}`.
    ///
    /// - Throws: `BadRequest`.
    init(_ object: JSONObject, gateway: String, rootName: String) throws(MeldError) {
        guard object.keys.allSatisfy({ $0 == "@domain" || $0 == "auth" }) else {
            throw .badRequest("Only @domain and auth are known")
        }
        guard case .string(let domain)? = object["@domain"] else { throw .badRequest("@domain is expected") }
        (account, self.domain) = try Self.take(domain, gateway, rootName)
        var auth = JSONObject()
        switch object["auth"] {
        case nil: break
        case .object(let given)?: auth = given
        default: throw .badRequest("auth must be an object")
        }
        guard auth.keys.allSatisfy({ $0 == "user" || $0 == "key" || $0 == "jwt" }) else {
            throw .badRequest("Only user, key and jwt are known in auth")
        }
        func text(_ name: String) throws(MeldError) -> String? {
            switch auth[name] {
            case nil: return nil
            case .string(let text)?: return text
            default: throw .badRequest("\(name) must be a string")
            }
        }
        key = try text("key")
        jwt = try text("jwt")
        if let name = try text("user") {
            guard let name = try? AccountName(name) else { throw .badRequest("user must be an account's name") }
            user = name
        } else {
            user = nil
        }
    }

    /// Takes `<name>.<account>.<gateway>` apart; the gateway's own domain is root's.
    private static func take(_ text: String, _ gateway: String, _ rootName: String) throws(MeldError) -> (
        AccountName, DomainName?
    ) {
        if text == gateway { return (AccountName(stored: rootName), nil) }
        guard text.hasSuffix(".\(gateway)") else { throw .badRequest("The domain is not this gateway's") }
        let labels = text.dropLast(gateway.count + 1).split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count == 2, let domain = try? DomainName(String(labels[0])),
            let account = try? AccountName(String(labels[1]))
        else { throw .badRequest("The domain is malformed") }
        return (account, domain)
    }
}
