import AccountDomain
import StrictJSON

/// Reads the members of stored `data`, naming the member that is wrong.
struct DataReader {
    private let json: JSONObject

    /// A reader of the members of `json`.
    init(_ json: JSONObject) { self.json = json }

    /// A reader of canonical bytes.
    init(canonicalBytes: UnsafeRawBufferPointer) throws(EventCodingError) {
        guard
            case .object(let object)? = try? JSONReader.read(
                canonicalBytes.assumingMemoryBound(to: UInt8.self), limits: .stored)
        else { throw .malformed("data") }
        json = object
    }

    func flag(_ key: String) throws(EventCodingError) -> Bool {
        guard case .bool(let value) = json[key] else { throw .malformed(key) }
        return value
    }

    func optionalFlag(_ key: String) throws(EventCodingError) -> Bool {
        if json[key] == nil { return false }
        return try flag(key)
    }

    func count(_ key: String) throws(EventCodingError) -> Int {
        guard case .integer(let value) = json[key] else { throw .malformed(key) }
        return Int(value)
    }

    func optionalCount(_ key: String) throws(EventCodingError) -> Int? {
        if json[key] == nil { return nil }
        return try count(key)
    }

    func moment(_ key: String) throws(EventCodingError) -> Moment {
        guard case .integer(let value) = json[key] else { throw .malformed(key) }
        return Moment(microseconds: value)
    }

    func optionalMoment(_ key: String) throws(EventCodingError) -> Moment? {
        if json[key] == nil { return nil }
        return try moment(key)
    }

    func text(_ key: String) throws(EventCodingError) -> String {
        guard case .string(let value) = json[key] else { throw .malformed(key) }
        return value
    }

    func id<ID: UUIDShaped>(_ key: String) throws(EventCodingError) -> ID {
        guard let id = ID(try text(key)) else { throw .malformed(key) }
        return id
    }

    func optionalID<ID: UUIDShaped>(_ key: String) throws(EventCodingError) -> ID? {
        if json[key] == nil { return nil }
        return try id(key)
    }

    func keyID(_ key: String) throws(EventCodingError) -> KeyID {
        guard let id = KeyID(try text(key)) else { throw .malformed(key) }
        return id
    }

    func name<Name: RawRepresentable>(_ key: String) throws(EventCodingError) -> Name where Name.RawValue == String {
        guard let name = Name(rawValue: try text(key)) else { throw .malformed(key) }
        return name
    }

    func names<Name: RawRepresentable>(_ key: String) throws(EventCodingError) -> [Name]
    where Name.RawValue == String {
        guard case .array(let values) = json[key] else { throw .malformed(key) }
        var names: [Name] = []
        for value in values {
            guard case .string(let text) = value, let name = Name(rawValue: text) else { throw .malformed(key) }
            names.append(name)
        }
        return names
    }

    func optionalHash(_ key: String) throws(EventCodingError) -> Digest? {
        if json[key] == nil { return nil }
        return try hash(key)
    }

    func hash(_ key: String) throws(EventCodingError) -> Digest {
        guard let bytes = Hex.decode(try text(key)), let digest = Digest(bytes: bytes) else { throw .malformed(key) }
        return digest
    }

    func object(_ key: String) throws(EventCodingError) -> JSONObject {
        guard case .object(let value) = json[key] else { throw .malformed(key) }
        return value
    }

    func array(_ key: String) throws(EventCodingError) -> [JSONValue] {
        guard case .array(let value) = json[key] else { throw .malformed(key) }
        return value
    }
}
