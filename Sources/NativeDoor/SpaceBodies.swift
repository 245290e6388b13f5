import AccountDomain
import DoorKit
import StrictJSON

/// A merge patch of a Space: absent members stay as they are.
struct SpacePatch: Sendable {
    private var name: SpaceName?
    private var domain: SpaceDomain?
    private var host: SpaceDomain?
    private var isSuper: Bool?
    private var realm = Member<String>.absent
    private var maximumAccounts = Member<Int64>.absent
    private var emailUnique: Bool?
    private var expiresAt = Member<Moment>.absent
    private var usernameMinimumLength: Int64?
    private var passwordMinimumLength: Int64?

    /// Reads the members that both a creation and a patch may have.
    init(reading reader: inout ObjectReader) {
        name = Self.kept("name", reader.text("name", as: SpaceName.self), &reader)
        domain = Self.kept("domain", reader.text("domain", as: SpaceDomain.self), &reader)
        host = Self.kept("host", reader.text("host", as: SpaceDomain.self), &reader)
        isSuper = Self.kept("super", reader.bool("super"), &reader)
        realm = reader.string("realm", minCharacters: 1, maxCharacters: 253)
        maximumAccounts = reader.integer("max_accounts", in: 0...Int64(Int32.max))
        emailUnique = Self.kept("email_unique", reader.bool("email_unique"), &reader)
        expiresAt = reader.member("expires_at", expected: "a time as in RFC 3339") { json in
            if case .string(let text) = json { Moment(rfc3339: text) } else { nil }
        }
        usernameMinimumLength = Self.kept(
            "username_min_length", reader.integer("username_min_length", in: 1...100), &reader)
        passwordMinimumLength = Self.kept(
            "password_min_length", reader.integer("password_min_length", in: 6...1024), &reader)
    }

    private static func kept<Value>(
        _ name: String, _ member: Member<Value>, _ reader: inout ObjectReader
    ) -> Value? {
        reader.refuseNull(name, member)
        return member.value
    }

    /// The settings with this patch.
    func applied(to old: SpaceSettings) -> SpaceSettings {
        var new = old
        if let name { new.name = name }
        if let domain { new.domain = domain }
        if let host { new.host = host }
        if let isSuper { new.isSuper = isSuper }
        new.realm = Self.patched(old.realm, realm)
        new.maximumAccounts = Self.patched(old.maximumAccounts.map { Int64($0) }, maximumAccounts).map { Int($0) }
        if let emailUnique { new.emailUnique = emailUnique }
        new.expiresAt = Self.patched(old.expiresAt, expiresAt)
        if let usernameMinimumLength { new.usernameMinimumLength = Int(usernameMinimumLength) }
        if let passwordMinimumLength { new.passwordMinimumLength = Int(passwordMinimumLength) }
        return new
    }

    private static func patched<Value>(_ old: Value?, _ member: Member<Value>) -> Value? {
        switch member {
        case .absent: old
        case .null: nil
        case .value(let value): value
        }
    }

    /// The settings of a new Space; nil when what must be there was refused.
    fileprivate func settings(_ reader: inout ObjectReader) -> SpaceSettings? {
        if reader.errors.isEmpty {
            if name == nil { reader.refuse("name", "is required") }
            if domain == nil { reader.refuse("domain", "is required") }
            if host == nil { reader.refuse("host", "is required") }
        }
        guard let name, let domain else { return nil }
        return applied(to: SpaceSettings(name: name, domain: domain))
    }
}

extension SpaceSettings {
    /// Reads the body of a creation; nil when it was refused.
    init?(reading reader: inout ObjectReader) {
        guard let settings = SpacePatch(reading: &reader).settings(&reader) else { return nil }
        self = settings
    }
}
