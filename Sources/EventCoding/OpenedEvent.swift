public import AccountDomain

/// A stored event whose box was checked against its hash and opened.
public struct OpenedEvent: Sendable {
    /// The row.
    public let stored: StoredEvent
    /// What its box held; empty when it has none.
    public let content: BoxContent

    /// Checks and opens an event's box.
    ///
    /// - Throws: ``EventCodingError/hashMismatch``, ``EventCodingError/sealedUnderAnotherKey``.
    public init(_ stored: StoredEvent, key: StreamKey) throws(EventCodingError) {
        self.stored = stored
        guard let secret = stored.secret else {
            content = BoxContent()
            return
        }
        guard let recorded = stored.secretHash, Digest.sha256(of: secret) == Digest(bytes: recorded) else {
            throw .hashMismatch
        }
        content = try BoxContent(
            canonicalBytes: try key.open(secret, at: .event(version: stored.version, type: stored.type)))
    }

    /// The domain event, lifted to the newest version of its type.
    ///
    /// - Throws: ``EventCodingError/unknownType``, ``EventCodingError/malformed(_:)``.
    public func domainEvent(upcasters: Upcasters = .shipped) throws(EventCodingError) -> DomainEvent {
        let decoded = try EventCoding.decode(
            type: stored.type, data: stored.data, box: .opened(content), upcasters: upcasters)
        guard let event = decoded.event else { throw .malformed("box") }
        return event
    }
}
