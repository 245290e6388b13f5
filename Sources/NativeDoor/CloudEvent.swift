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

    func write(to json: inout JSONWriter) { json.raw(bytes) }

    /// The event as one JSON text.
    var bytes: [UInt8] {
        // What was sealed are canonical texts, which hold no number that could not be written.
        let personal = personal.map { (try? $0.json.canonicalBytes()) ?? Array("null".utf8) }
        return CloudEventLines(origin: origin, reservingCapacity: 1024).text(stored, personal: personal)
    }
}
