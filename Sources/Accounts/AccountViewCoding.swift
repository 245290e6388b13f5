public import AccountDomain
import EventCoding
public import StrictJSON

extension AccountView {
    /// The stored form of a view: two JSON documents, the first as `/v1` sends it.
    public struct Encoded: Sendable, Equatable {
        /// Everything, as it is sealed in the read model: length of the first document (4 bytes), both documents.
        public let bytes: [UInt8]

        /// A view's bytes as they were stored.
        public init(bytes: [UInt8]) { self.bytes = bytes }

        /// The `Account` of docs/native-api.md.
        public var account: ArraySlice<UInt8> {
            guard bytes.count >= 4 else { return [] }
            return bytes[4..<min(bytes.count, 4 + length)]
        }

        private var length: Int { bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }

        fileprivate var details: ArraySlice<UInt8> {
            guard bytes.count >= 4 + length else { return [] }
            return bytes[(4 + length)...]
        }
    }

    /// The stored form.
    public var encoded: Encoded {
        var account = JSONWriter(reservingCapacity: 768)
        write(to: &account)
        var details = JSONWriter(reservingCapacity: 64)
        writeDetails(to: &details)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + account.bytes.count + details.bytes.count)
        bytes.append(bigEndian: UInt32(account.bytes.count))
        bytes.append(contentsOf: account.bytes)
        bytes.append(contentsOf: details.bytes)
        return Encoded(bytes: bytes)
    }

    /// Reads a stored form back, so that folding can go on from it.
    ///
    /// - Returns: nil when the bytes are not what ``encoded`` made.
    public init?(_ id: AccountID, _ encoded: Encoded) {
        guard case .object(let account)? = try? JSONReader.read(Array(encoded.account), limits: .stored),
            case .object(let details)? = try? JSONReader.read(Array(encoded.details), limits: .stored)
        else { return nil }
        self.init(id)
        guard restore(account, details) else { return nil }
    }

    /// Writes the `Account` of docs/native-api.md.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("system", system.rawValue)
        json.member("name", name)
        json.key("emails")
        json.strings(emails)
        json.key("profile")
        json.beginObject()
        for (key, value) in profile.members { json.member(key, value) }
        json.endObject()
        json.member("activated", isActivated)
        json.member("blocked", isBlocked)
        json.member("has_password", hasPassword)
        json.key("backup")
        if let backup { backup.write(to: &json) } else { json.null() }
        json.key("remotes_auth")
        json.strings((remotesAuth.isEmpty ? [.key] : remotesAuth).map(\.rawValue))
        json.key("keys")
        json.beginArray()
        for key in keys { key.write(to: &json) }
        json.endArray()
        json.key("devices")
        json.beginArray()
        for device in devices { device.write(to: &json) }
        json.endArray()
        json.member("space", spaceDomain)
        json.member("admin", isAdmin)
        json.key("external_ids")
        json.beginObject()
        json.member("flexisip", String?.none)
        json.member("sip", String?.none)
        json.member("jami", String?.none)
        json.endObject()
        json.member("version", version)
        json.member("position", Int(position))
        json.member("created_at", createdAt)
        json.member("updated_at", updatedAt)
        json.endObject()
    }

    private func writeDetails(to json: inout JSONWriter) {
        json.beginObject()
        json.member("created_position", Int(createdPosition))
        json.member("space_id", space)
        json.member("erased", isErased)
        json.member("backup_locked", isBackupLocked)
        json.member("remotes_auth_patched", !remotesAuth.isEmpty)
        // Most accounts have none, and then their views stay as they always were.
        if !naming.isEmpty {
            json.key("naming")
            json.strings(naming.map(\.rawValue))
        }
        if !domains.isEmpty {
            json.key("domains")
            json.strings(domains)
        }
        json.key("administrators")
        json.strings(administrators.map(\.description))
        json.key("identities")
        json.strings(identities.map(\.description))
        json.key("public_keys")
        json.beginObject()
        for key in keys {
            if let bytes = key.publicKey {
                json.key(key.id.description)
                json.base64(bytes)
            }
        }
        json.endObject()
        json.key("devices")
        json.beginArray()
        for device in devices {
            json.beginObject()
            json.member("ordinal", device.ordinal)
            json.member("public_key", device.publicKey)
            json.member("reason", device.reason)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private mutating func restore(_ account: JSONObject, _ details: JSONObject) -> Bool {
        guard let system = account.text("system").flatMap({ System(rawValue: $0) }),
            let version = account.count("version"), let position = account.count("position"),
            let createdAt = account.moment("created_at"), let updatedAt = account.moment("updated_at"),
            let createdPosition = details.count("created_position")
        else { return false }
        self.system = system
        self.version = version
        self.position = Int64(position)
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.createdPosition = Int64(createdPosition)
        space = details.text("space_id").flatMap { SpaceID($0) }
        spaceDomain = account.text("space")
        name = account.text("name")
        emails = account.texts("emails")
        if case .object(let members) = account["profile"] {
            profile = ProfileMembers(stored: members.keys.compactMap { key in members.text(key).map { (key, $0) } })
        }
        isActivated = account.flag("activated")
        isBlocked = account.flag("blocked")
        hasPassword = account.flag("has_password")
        isAdmin = account.flag("admin")
        isErased = details.flag("erased")
        isBackupLocked = details.flag("backup_locked")
        if details.flag("remotes_auth_patched") {
            remotesAuth = account.texts("remotes_auth").compactMap { RemoteAuthMode(rawValue: $0) }
        }
        naming = details.texts("naming").compactMap { NamingContext(rawValue: $0) }
        domains = details.texts("domains")
        administrators = details.texts("administrators").compactMap { AccountID($0) }
        identities = details.texts("identities").compactMap { IdentityID($0) }
        backup = account.object("backup").flatMap { Backup($0) }
        let publicKeys = details.object("public_keys")
        keys = account.objects("keys").compactMap { Key($0, publicKeys) }
        let deviceDetails = details.objects("devices")
        devices = zip(account.objects("devices"), deviceDetails).compactMap { Device($0, $1) }
        return true
    }
}

extension AccountView.Backup {
    /// Writes `{"version","length","sha256","stored_at"}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("version", version)
        json.member("length", length)
        json.member("sha256", sha256.description)
        json.member("stored_at", storedAt)
        json.endObject()
    }

    fileprivate init?(_ json: JSONObject) {
        guard let version = json.count("version"), let length = json.count("length"),
            let sha256 = json.text("sha256").flatMap({ Hex.decode($0) }).flatMap({ Digest(bytes: $0) }),
            let storedAt = json.moment("stored_at")
        else { return nil }
        self.init(version: version, length: length, sha256: sha256, storedAt: storedAt)
    }
}

extension AccountView.Key {
    /// Writes `{"id","type","name","created_at","revoked_at"}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id.description)
        json.member("type", kind.rawValue)
        json.member("name", label)
        json.member("created_at", createdAt)
        json.member("revoked_at", revokedAt)
        json.endObject()
    }

    fileprivate init?(_ json: JSONObject, _ publicKeys: JSONObject?) {
        guard let text = json.text("id"), let id = KeyID(text),
            let kind = json.text("type").flatMap({ KeyKind(rawValue: $0) }), let createdAt = json.moment("created_at")
        else { return nil }
        self.init(
            id: id, kind: kind, label: json.text("name"), createdAt: createdAt, revokedAt: json.moment("revoked_at"),
            publicKey: publicKeys?.text(text).flatMap { Base64.decode($0) })
    }
}

extension AccountView.Device {
    /// Writes `{"id","name","added_at","revoked_at"}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("name", name)
        json.member("added_at", addedAt)
        json.member("revoked_at", revokedAt)
        json.endObject()
    }

    /// Writes the device as its own routes show it: with its public key and why it was revoked.
    public func writeResource(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("name", name)
        json.member("public_key", publicKey)
        json.member("added_at", addedAt)
        json.member("revoked_at", revokedAt)
        json.member("reason", reason)
        json.endObject()
    }

    fileprivate init?(_ json: JSONObject, _ details: JSONObject) {
        guard let id = json.text("id"), let ordinal = details.count("ordinal"), let addedAt = json.moment("added_at")
        else { return nil }
        self.init(
            ordinal: ordinal, id: id, name: json.text("name"), addedAt: addedAt, revokedAt: json.moment("revoked_at"),
            publicKey: details.text("public_key"), reason: details.text("reason"))
    }
}

extension JSONWriter {
    /// Writes a member that is a text, or null.
    public mutating func member(_ key: String, _ value: String?) {
        self.key(key)
        if let value { string(value) } else { null() }
    }

    /// Writes a member that is a flag.
    public mutating func member(_ key: String, _ value: Bool) {
        self.key(key)
        bool(value)
    }

    /// Writes a member that is an integer, or null.
    public mutating func member(_ key: String, _ value: Int?) {
        self.key(key)
        if let value { integer(Int64(value)) } else { null() }
    }

    /// Writes a member that is a moment (RFC 3339, UTC, microseconds), or null.
    public mutating func member(_ key: String, _ value: Moment?) {
        self.key(key)
        if let value { plain { value.appendText(to: &$0) } } else { null() }
    }

    /// Writes a member that is an identifier, or null.
    public mutating func member(_ key: String, _ value: StreamID?) {
        self.key(key)
        if let value { plain { value.appendText(to: &$0) } } else { null() }
    }

    /// Writes an array of texts.
    public mutating func strings(_ values: [String]) {
        beginArray()
        for value in values { string(value) }
        endArray()
    }
}

extension JSONObject {
    func text(_ key: String) -> String? { if case .string(let text) = self[key] { text } else { nil } }
    func count(_ key: String) -> Int? { if case .integer(let value) = self[key] { Int(value) } else { nil } }
    func flag(_ key: String) -> Bool { if case .bool(true) = self[key] { true } else { false } }
    func moment(_ key: String) -> Moment? { text(key).flatMap { Moment(rfc3339: $0) } }
    func object(_ key: String) -> JSONObject? { if case .object(let value) = self[key] { value } else { nil } }

    func texts(_ key: String) -> [String] {
        guard case .array(let values) = self[key] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    func objects(_ key: String) -> [JSONObject] {
        guard case .array(let values) = self[key] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
