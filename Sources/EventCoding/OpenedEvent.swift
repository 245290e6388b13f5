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
        guard let recorded = stored.secretHash else { throw .hashMismatch }
        var type = stored.type
        let opened = type.withUTF8 { type in
            secret.withUnsafeBytes { secret in
                recorded.withUnsafeBytes { recorded in
                    Result { () throws(EventCodingError) in
                        try BoxContent(
                            checking: secret, against: recorded, key: key, version: stored.version,
                            type: UnsafeRawBufferPointer(type))
                    }
                }
            }
        }
        content = try opened.get()
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

extension BoxContent {
    /// What an event's box holds, once it was found to have its hash.
    ///
    /// - Throws: ``EventCodingError/hashMismatch``, ``EventCodingError/sealedUnderAnotherKey``,
    ///   ``EventCodingError/malformed(_:)``.
    init(
        checking box: UnsafeRawBufferPointer, against hash: UnsafeRawBufferPointer?, key: StreamKey, version: Int32,
        type: UnsafeRawBufferPointer
    ) throws(EventCodingError) {
        guard let hash, Digest.sha256(of: box) == Digest(copying: hash) else { throw .hashMismatch }
        let opened = key.withOpened(box, version: version, type: type) { plain in
            Result { () throws(EventCodingError) in
                guard let plain else { throw .sealedUnderAnotherKey }
                return try BoxContent(canonicalBytes: plain)
            }
        }
        self = try opened.get()
    }
}
