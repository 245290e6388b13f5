public import AccountDomain
import StrictJSON

/// An event ready to be stored: its name, what stands in clear, and what is sealed.
public struct EncodedEvent: Sendable, Equatable {
    /// Stored name with its version.
    ///
    /// Explicit, never derived from a Swift name, never changed.
    public let type: String
    /// What stands in clear.
    public var data: PublicObject
    /// What goes into the box.
    public var content: BoxContent

    init(_ type: String, _ data: PublicObject = [:]) {
        self.type = type
        self.data = data
        content = BoxContent()
    }
}

/// Between domain events and their stored form.
///
/// Old versions of a type are lifted to the newest here, after hash check and decryption, in memory; what is stored
/// never changes (docs/log.md).
public enum EventCoding {
    /// The stored form of a domain event.
    public static func encode(_ event: DomainEvent) -> EncodedEvent {
        switch event {
        case .account(let event): encode(event)
        case .identity(let event): encode(event)
        case .space(let event): encode(event)
        case .deployment(let event): encode(event)
        case .activation(let event): encode(event)
        }
    }

    /// The domain event of a stored form.
    ///
    /// - Throws: ``EventCodingError`` when the type is unknown or a member is not what was written.
    public static func decode(type: String, data: [UInt8], content: BoxContent) throws(EventCodingError) -> DomainEvent
    {
        try data.withUnsafeBufferPointer { data throws(EventCodingError) in
            try decode(decoders[type], data: UnsafeRawBufferPointer(data), content: content)
        }
    }

    /// The same with a type's decoder, of bytes where they lie.
    static func decode(
        _ decoder: Decoder?, data: UnsafeRawBufferPointer, content: BoxContent
    ) throws(EventCodingError) -> DomainEvent {
        let reader = try DataReader(canonicalBytes: data)
        guard let decoder else { throw .unknownType }
        return try decoder(reader, content)
    }

    /// What a stored form tells, whatever became of its box.
    ///
    /// - Throws: ``EventCodingError`` as above, and what an upcaster throws; of an erased person nothing but the latter,
    ///   since what is missing may have stood in the box.
    public static func decode(
        type: String, data: [UInt8], box: EventBox, upcasters: Upcasters = .shipped
    ) throws(EventCodingError) -> DecodedEvent {
        guard upcasters.knows(type) else {
            switch box {
            case .opened(let content): return .known(try decode(type: type, data: data, content: content))
            case .erased:
                let event = try? decode(type: type, data: data, content: BoxContent())
                return event.map { .known($0) } ?? .erased
            }
        }
        guard case .object(let object)? = try? JSONReader.read(data, limits: .stored) else { throw .malformed("data") }
        let (newest, parts) = try upcasters.lift(type, Upcaster.Parts(data: object, box: box))
        switch parts.box {
        case .opened(let content):
            guard let decode = decoders[newest] else { throw .unknownType }
            return .known(try decode(DataReader(parts.data), content))
        case .erased:
            let event = try? decoders[newest]?(DataReader(parts.data), BoxContent())
            return event.map { .known($0) } ?? .erased
        }
    }

    /// Turns one stored type back into a domain event.
    typealias Decoder = @Sendable (DataReader, BoxContent) throws(EventCodingError) -> DomainEvent

    /// Every stored type that was ever written.
    ///
    /// An entry is never removed or reused.
    static let decoders: [String: Decoder] = accountDecoders.merging(identityDecoders) { own, _ in own }
        .merging(spaceDecoders) { own, _ in own }
        .merging(loginDecoders) { own, _ in own }
        .merging(deploymentDecoders) { own, _ in own }
        .merging(activationDecoders) { own, _ in own }

    /// The names of every stored type, old versions included, sorted.
    public static var types: [String] { (Array(decoders.keys) + Upcasters.shipped.types).sorted() }
}

extension SealedObject {
    func required(_ key: String) throws(EventCodingError) -> String {
        guard let text = text(key) else { throw .malformed(key) }
        return text
    }

    func requiredBytes(_ key: String) throws(EventCodingError) -> [UInt8] {
        guard let bytes = bytes(key) else { throw .malformed(key) }
        return bytes
    }

    func requiredDigest(_ key: String) throws(EventCodingError) -> Digest {
        guard let bytes = bytes(key), let digest = Digest(bytes: bytes) else { throw .malformed(key) }
        return digest
    }

    func texts(_ key: String) -> [String] {
        guard case .array(let values) = json[key] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    mutating func set(_ key: String, texts: [String]) {
        if !texts.isEmpty { set(key, json: .array(texts.map { .string($0) })) }
    }
}
