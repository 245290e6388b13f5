public import AccountDomain
import StrictJSON

/// A Space as its row's box holds it.
public struct SpaceRecord: Sendable, Equatable {
    /// Its settings.
    public var settings: SpaceSettings
    /// Whether its erasure has begun; in clear beside the box as well.
    public var isClosed: Bool

    /// A Space.
    public init(settings: SpaceSettings, isClosed: Bool = false) {
        self.settings = settings
        self.isClosed = isClosed
    }

    /// The bytes that are sealed: every setting, times in microseconds.
    public var stored: [UInt8] {
        var json = JSONWriter(reservingCapacity: 384)
        json.beginObject()
        json.key("closed")
        json.bool(isClosed)
        json.key("domain")
        json.string(settings.domain.text)
        json.key("email_unique")
        json.bool(settings.emailUnique)
        if let expiresAt = settings.expiresAt {
            json.key("expires_at")
            json.integer(expiresAt.microseconds)
        }
        if let host = settings.host {
            json.key("host")
            json.string(host.text)
        }
        if let maximum = settings.maximumAccounts {
            json.key("max_accounts")
            json.integer(maximum)
        }
        json.key("name")
        json.string(settings.name.text)
        json.key("password_min_length")
        json.integer(settings.passwordMinimumLength)
        if let realm = settings.realm {
            json.key("realm")
            json.string(realm)
        }
        json.key("super")
        json.bool(settings.isSuper)
        json.key("username_min_length")
        json.integer(settings.usernameMinimumLength)
        json.endObject()
        return json.bytes
    }

    /// Reads them back; nil when they are anything else.
    public init?(stored bytes: [UInt8]) {
        guard case .object(let json)? = try? JSONReader.read(bytes) else { return nil }
        func text(_ key: String) -> String? { if case .string(let text) = json[key] { text } else { nil } }
        func count(_ key: String) -> Int64? { if case .integer(let value) = json[key] { value } else { nil } }
        func flag(_ key: String) -> Bool { if case .bool(true) = json[key] { true } else { false } }
        guard let name = text("name"), let domain = text("domain"), let username = count("username_min_length"),
            let password = count("password_min_length")
        else { return nil }
        settings = SpaceSettings(
            name: SpaceName(stored: name), domain: SpaceDomain(stored: domain),
            host: text("host").map { SpaceDomain(stored: $0) }, isSuper: flag("super"), realm: text("realm"),
            maximumAccounts: count("max_accounts").map { Int($0) }, emailUnique: flag("email_unique"),
            expiresAt: count("expires_at").map { Moment(microseconds: $0) }, usernameMinimumLength: Int(username),
            passwordMinimumLength: Int(password))
        isClosed = flag("closed")
    }
}
