public import AccountDomain

/// A stored event as it is folded, its bytes where they lie.
///
/// Whoever folds a log takes each event once and keeps nothing of it: copies would cost as much as opening the box.
public struct EventInPlace {
    /// Place in the stream, counted from 1.
    public let version: Int32
    /// The stored type.
    public let type: StoredType
    private let data: UnsafeRawBufferPointer
    private let secret: UnsafeRawBufferPointer?
    private let secretHash: UnsafeRawBufferPointer?

    /// An event; the bytes must outlive it.
    ///
    /// - Parameters:
    ///   - version: Place in the stream.
    ///   - type: The stored type.
    ///   - data: What stands in clear.
    ///   - secret: The box; nil when there is none, or when it was purged.
    ///   - secretHash: SHA-256 of the box.
    public init(
        version: Int32, type: StoredType, data: UnsafeRawBufferPointer, secret: UnsafeRawBufferPointer?,
        secretHash: UnsafeRawBufferPointer?
    ) {
        self.version = version
        self.type = type
        self.data = data
        self.secret = secret
        self.secretHash = secretHash
    }

    /// Whether the box is gone: the person was erased.
    public var isPurged: Bool { secret == nil && secretHash != nil }

    /// What happened, lifted to the newest version of its type, after the box was checked against its hash and opened.
    ///
    /// - Parameters:
    ///   - key: The stream's; nil once it is destroyed.
    ///   - upcasters: What lifts old versions.
    /// - Returns: The event; nil when only the box could tell and there is no key.
    /// - Throws: ``EventCodingError``, as ``OpenedEvent`` does.
    public func decoded(key: StreamKey?, upcasters: Upcasters) throws(EventCodingError) -> DomainEvent? {
        guard let key else {
            return try EventCoding.decode(type: type.name, data: [UInt8](data), box: .erased, upcasters: upcasters)
                .event
        }
        let content = try content(key)
        guard upcasters.knows(type.name) else {
            return try EventCoding.decode(type.decode, data: data, content: content)
        }
        let decoded = try EventCoding.decode(
            type: type.name, data: [UInt8](data), box: .opened(content), upcasters: upcasters)
        guard let event = decoded.event else { throw .malformed("box") }
        return event
    }

    private func content(_ key: StreamKey) throws(EventCodingError) -> BoxContent {
        guard let secret else { return BoxContent() }
        return try type.withBytes { type throws(EventCodingError) in
            try BoxContent(checking: secret, against: secretHash, key: key, version: version, type: type)
        }
    }
}
