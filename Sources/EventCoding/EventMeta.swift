public import AccountDomain
import StrictJSON

/// Who did something: the kind of principal and, where it has one, its stream.
public struct Actor: Sendable, Equatable {
    /// The kinds of principals.
    public enum Kind: String, CaseIterable, Sendable {
        case root, superAdmin = "super_admin", spaceAdmin = "space_admin", account, identity, device, anonymous
        case service
    }

    /// What it was.
    public let kind: Kind
    /// Its stream; nil for root, anonymous callers and the service itself.
    public let id: StreamID?

    /// An actor of a kind.
    public init(_ kind: Kind, id: StreamID? = nil) {
        self.kind = kind
        self.id = id
    }
}

/// The `meta` of an event (docs/native-api.md): ours or drawn, never typed.
public struct EventMeta: Sendable, Equatable {
    /// Who acted.
    public var actor: Actor
    /// Through which door.
    public var door: Door
    /// The request that caused it.
    public var request: RequestID
    /// The command that caused this one, when the service acted by itself.
    public var causation: CommandID?
    /// A W3C trace id: sixteen bytes.
    public var trace: TraceID?
    /// Keyed digest of the request, present exactly when the command carried an Idempotency-Key.
    public var fingerprint: Digest?

    /// The meta of a command's events.
    public init(
        actor: Actor, door: Door, request: RequestID, causation: CommandID? = nil, trace: TraceID? = nil,
        fingerprint: Digest? = nil
    ) {
        self.actor = actor
        self.door = door
        self.request = request
        self.causation = causation
        self.trace = trace
        self.fingerprint = fingerprint
    }

    /// The stored bytes (RFC 8785).
    public var canonicalBytes: [UInt8] {
        // Written straight and in the order of the names, for every command has one: an object of values costs more
        // than all else that becomes of it. No member takes a string, so nothing that was typed can get in here.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes.append(#"{"actor":{"#)
        if let id = actor.id { bytes.append(#""id":"#, id, ",") }
        bytes.append(#""kind":""#)
        bytes.append(contentsOf: actor.kind.rawValue.utf8)
        bytes.append(#""},"#)
        if let causation { bytes.append(#""causation_id":"#, causation, ",") }
        bytes.append(#""door":""#)
        bytes.append(contentsOf: door.rawValue.utf8)
        bytes.append(#"","#)
        if let fingerprint {
            bytes.append(#""fingerprint":""#)
            bytes.append(contentsOf: fingerprint.description.utf8)
            bytes.append(#"","#)
        }
        bytes.append(#""request_id":"#, request, "")
        if let trace { bytes.append(#","trace_id":"#, trace, "") }
        bytes.append("}")
        return bytes
    }

    /// The keyed request digest in stored meta, without decoding the rest.
    ///
    /// - Throws: ``EventCodingError/malformed(_:)`` when the bytes are not what was written.
    public static func fingerprint(in bytes: [UInt8]) throws(EventCodingError) -> Digest? {
        // Most commands carry no key; a look for the member's name saves parsing them.
        guard bytes.containsFingerprint else { return nil }
        return try EventMeta(canonicalBytes: bytes).fingerprint
    }

    /// Reads stored meta back.
    ///
    /// - Throws: ``EventCodingError/malformed(_:)`` when the bytes are not what was written.
    public init(canonicalBytes: [UInt8]) throws(EventCodingError) {
        guard case .object(let json)? = try? JSONReader.read(canonicalBytes, limits: .stored) else {
            throw .malformed("meta")
        }
        let reader = DataReader(json)
        let who = DataReader(try reader.object("actor"))
        actor = Actor(try who.name("kind"), id: try who.optionalID("id"))
        door = try reader.name("door")
        request = try reader.id("request_id")
        causation = try reader.optionalID("causation_id")
        trace = try reader.optionalID("trace_id")
        fingerprint = try reader.optionalHash("fingerprint")
    }
}

/// A W3C trace id, kept when a caller sends a well-formed `traceparent`.
public struct TraceID: UUIDShaped {
    /// First eight bytes.
    public let high: UInt64
    /// Last eight bytes.
    public let low: UInt64

    /// A trace id of sixteen bytes.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ name: StaticString, _ id: some UUIDShaped, _ end: StaticString) {
        append(name)
        append(UInt8(ascii: "\""))
        id.appendText(to: &self)
        append(UInt8(ascii: "\""))
        append(end)
    }

    fileprivate var containsFingerprint: Bool {
        let wanted = Array("\"fingerprint\"".utf8)
        guard count >= wanted.count else { return false }
        return withUnsafeBufferPointer { bytes in
            var index = 0
            let last = bytes.count - wanted.count
            while index <= last {
                if bytes[index] == 0x22, bytes[index + 1] == 0x66,
                    bytes[index..<(index + wanted.count)].elementsEqual(wanted)
                {
                    return true
                }
                index += 1
            }
            return false
        }
    }
}
