import AccountDomain
public import StrictJSON

/// The members of one half of a box, `personal` or `verifier`: the only place for what a client typed.
public struct SealedObject: Sendable, Equatable {
    /// The members.
    public private(set) var json: JSONObject

    /// An object without members.
    public init() { json = JSONObject() }

    /// An object read back from an opened box.
    public init(_ json: JSONObject) { self.json = json }

    /// Whether there is nothing to seal.
    public var isEmpty: Bool { json.count == 0 }

    /// Adds a text.
    public mutating func set(_ key: String, _ value: String?) {
        if let value { json.append(key, .string(value)) }
    }

    /// Adds bytes, as standard base64.
    public mutating func set(_ key: String, bytes: [UInt8]?) {
        if let bytes { json.append(key, .string(Base64.encode(bytes))) }
    }

    /// Adds any value.
    public mutating func set(_ key: String, json value: JSONValue?) {
        if let value { json.append(key, value) }
    }

    /// The text under `key`, or nil when there is none.
    public func text(_ key: String) -> String? {
        if case .string(let text) = json[key] { text } else { nil }
    }

    /// The bytes under `key`, or nil when there are none.
    public func bytes(_ key: String) -> [UInt8]? { text(key).flatMap { Base64.decode($0) } }
}

/// What one box holds (docs/log.md): what may be shown to its owner, and what never leaves the service.
public struct BoxContent: Sendable, Equatable {
    /// Shown and exported to the person and to root.
    public var personal = SealedObject()
    /// Password verifiers and digests of secrets; never shown, never exported.
    public var verifier = SealedObject()

    /// A box with nothing in it.
    public init() {}

    /// Whether there is nothing to seal.
    public var isEmpty: Bool { personal.isEmpty && verifier.isEmpty }

    /// The canonical bytes that are sealed.
    public var canonicalBytes: [UInt8] {
        var object = JSONObject()
        if !personal.isEmpty { object.append("personal", .object(personal.json)) }
        if !verifier.isEmpty { object.append("verifier", .object(verifier.json)) }
        return CanonicalJSON.bytes(of: object)
    }

    /// Reads the bytes of an opened box.
    ///
    /// - Throws: ``EventCodingError`` when they are not the canonical object that was sealed.
    public init(canonicalBytes: [UInt8]) throws(EventCodingError) {
        self = try canonicalBytes.withUnsafeBufferPointer { bytes throws(EventCodingError) in
            try BoxContent(canonicalBytes: UnsafeRawBufferPointer(bytes))
        }
    }

    /// Reads the bytes of an opened box where they lie.
    init(canonicalBytes: UnsafeRawBufferPointer) throws(EventCodingError) {
        guard
            case .object(let object)? = try? JSONReader.read(
                canonicalBytes.assumingMemoryBound(to: UInt8.self), limits: .stored)
        else { throw .malformed("box") }
        if case .object(let json) = object["personal"] { personal = SealedObject(json) }
        if case .object(let json) = object["verifier"] { verifier = SealedObject(json) }
    }
}
