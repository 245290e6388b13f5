import AccountDomain
import Accounts
import EventCoding
import StrictJSON

/// An event on the wire: CloudEvents 1.0 in JSON (docs/native-api.md).
///
/// `data` is the stored canonical text and `meta` is its text as a string, so a reader can recompute the leaf.
struct CloudEvent {
    private let stored: StoredEvent
    private let origin: String
    private let personal: SealedObject?

    /// A row of the log that `origin` names, with the personal half of its box for those who may see it.
    init(_ stored: StoredEvent, origin: String, personal: SealedObject? = nil) {
        self.stored = stored
        self.origin = origin
        self.personal = personal
    }

    func write(to json: inout JSONWriter) {
        let position = String(stored.position)
        json.beginObject()
        json.member("specversion", "1.0")
        json.member("id", position)
        json.member("source", origin)
        json.member("type", stored.type)
        json.member("subject", stored.stream)
        json.member("time", stored.recordedAt)
        json.member("datacontenttype", "application/json")
        json.key("data")
        json.raw(stored.data)
        json.member("sequence", position)
        json.member("streamversion", Int(stored.version))
        json.member("commandid", stored.command.description)
        json.member("meta", String(decoding: stored.meta, as: UTF8.self))
        if let secret = stored.secret {
            json.key("secret")
            json.base64(secret)
        }
        if let hash = stored.secretHash {
            json.key("secrethash")
            json.hex(hash)
        }
        json.member("leafhash", stored.leafHash.description)
        if let personal {
            json.key("personal")
            // What was sealed are canonical texts, which hold no number that could not be written.
            if let bytes = try? personal.json.canonicalBytes() { json.raw(bytes) } else { json.null() }
        }
        json.endObject()
    }

    /// The event as one JSON text.
    var bytes: [UInt8] {
        var json = JSONWriter(reservingCapacity: 768 + stored.data.count + (stored.secret?.count ?? 0) * 4 / 3)
        write(to: &json)
        return json.bytes
    }
}
