import AccountDomain
import EventCoding
import ProjectionKit

/// One stream's events, opened and decoded once for all projections.
struct DecodedStream {
    /// An event, or why it is none.
    struct Event {
        let takers: UInt64
        let position: Int64
        let version: Int32
        let outcome: Result<ProjectedEvent, PoisonError>
    }

    let stream: StreamID
    let takers: UInt64
    let events: [Event]
    let key: StreamKey?
    let epoch: Int32

    /// Whether the stream's key is destroyed.
    var isKeyDestroyed: Bool { key == nil }

    /// Opens and decodes; what cannot be is told event by event.
    ///
    /// Once the key is destroyed, events that only the box could tell stay untold, and that is no fault.
    init(_ batch: StreamBatch, secret: StreamKeys.Secret, upcasters: Upcasters) {
        stream = batch.stream
        takers = batch.takers
        switch secret {
        case .living(let key, let epoch):
            self.key = key
            self.epoch = epoch
            events = batch.events.map { wanted in
                Event(wanted) { stored throws(EventCodingError) in
                    try ProjectedEvent(stored, key: key, upcasters: upcasters)
                }
            }
        case .destroyed:
            key = nil
            epoch = 0
            events = batch.events.map { wanted in
                Event(wanted) { stored throws(EventCodingError) in
                    try ProjectedEvent(stored, key: nil, upcasters: upcasters)
                }
            }
        case .unusable(let reason):
            key = nil
            epoch = 0
            events = batch.events.map { Event($0, failure: PoisonError(reason, $0.stored)) }
        }
    }
}

extension DecodedStream.Event {
    fileprivate init(
        _ wanted: WantedEvent, _ decode: (StoredEvent) throws(EventCodingError) -> ProjectedEvent
    ) {
        takers = wanted.takers
        position = wanted.stored.position
        version = wanted.stored.version
        do throws(EventCodingError) {
            outcome = .success(try decode(wanted.stored))
        } catch {
            outcome = .failure(PoisonError(error.description, wanted.stored))
        }
    }

    fileprivate init(_ wanted: WantedEvent, failure: PoisonError) {
        takers = wanted.takers
        position = wanted.stored.position
        version = wanted.stored.version
        outcome = .failure(failure)
    }
}

extension ProjectedEvent {
    /// Opens and decodes a stored event; without a key, as far as what stands in clear tells.
    init(_ stored: StoredEvent, key: StreamKey?, upcasters: Upcasters) throws(EventCodingError) {
        guard let key else {
            let decoded = try EventCoding.decode(
                type: stored.type, data: stored.data, box: .erased, upcasters: upcasters)
            self.init(stored: stored, event: decoded.event)
            return
        }
        self.init(stored: stored, event: try OpenedEvent(stored, key: key).domainEvent(upcasters: upcasters))
    }
}

/// An event that cannot be folded, so that its stream is parked.
///
/// The text holds no stored value.
struct PoisonError: Error {
    let position: Int64
    /// The stored type; empty when it is the stream's row that cannot be read.
    let type: String
    let text: String

    init(_ reason: String, position: Int64, version: Int32, type: String) {
        self.position = position
        self.type = type
        text = "\(type) at version \(version): \(reason)"
    }

    init(_ reason: String, _ stored: StoredEvent) {
        self.init(reason, position: stored.position, version: stored.version, type: stored.type)
    }

    init(_ reason: String, position: Int64) {
        self.position = position
        type = ""
        text = reason
    }
}

/// A read model that is not where its checkpoint says: its lane stops until somebody has looked.
struct ContinuityError: Error {
    let id: ProjectionID
    let text: String
}
