public import AccountDomain
import StrictJSON

/// A device as its row holds it, sealed.
public struct DeviceRecord: Sendable, Equatable {
    /// The id that its owner gave it.
    public let id: String
    /// What its owner calls it.
    public var name: String?
    /// The public key that it registered.
    public let publicKey: String?
    /// Why it was revoked.
    public var reason: String?
    /// When it was added.
    public let addedAt: Moment
    /// When it was revoked.
    public var revokedAt: Moment?

    /// A device that was just added.
    public init(id: String, name: String?, publicKey: String?, addedAt: Moment) {
        self.id = id
        self.name = name
        self.publicKey = publicKey
        self.addedAt = addedAt
    }

    /// The bytes that are sealed: `{"added_at","id","name","public_key","reason","revoked_at"}`, times in microseconds.
    public var stored: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("added_at")
        json.integer(addedAt.microseconds)
        json.key("id")
        json.string(id)
        for (key, text) in [("name", name), ("public_key", publicKey), ("reason", reason)] {
            guard let text else { continue }
            json.key(key)
            json.string(text)
        }
        if let revokedAt {
            json.key("revoked_at")
            json.integer(revokedAt.microseconds)
        }
        json.endObject()
        return json.bytes
    }

    /// Reads them back; nil when they are anything else.
    public init?(stored bytes: [UInt8]) {
        guard case .object(let json)? = try? JSONReader.read(bytes), case .string(let id) = json["id"],
            case .integer(let addedAt) = json["added_at"]
        else { return nil }
        func text(_ key: String) -> String? { if case .string(let text) = json[key] { text } else { nil } }
        self.init(
            id: id, name: text("name"), publicKey: text("public_key"), addedAt: Moment(microseconds: addedAt))
        reason = text("reason")
        if case .integer(let revokedAt) = json["revoked_at"] { self.revokedAt = Moment(microseconds: revokedAt) }
    }
}
