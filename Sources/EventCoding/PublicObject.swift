public import AccountDomain
import StrictJSON

/// A value that may stand in clear in the log: something we drew, counted or enumerated.
///
/// There is deliberately no case that takes a `String`: what a client typed cannot become one of these, so it cannot
/// reach `data` or `meta` (docs/log.md). Names come from enumerations of ours through ``PublicObject/set(_:name:)``.
public struct PublicValue: Sendable, Equatable {
    let json: JSONValue

    private init(_ json: JSONValue) { self.json = json }

    /// A flag.
    public static func flag(_ value: Bool) -> PublicValue { PublicValue(.bool(value)) }

    /// A count, size, version or ordinal.
    public static func count(_ value: Int) -> PublicValue { PublicValue(.integer(Int64(value))) }

    /// A moment, as microseconds since 1970 UTC.
    public static func moment(_ value: Moment) -> PublicValue { PublicValue(.integer(value.microseconds)) }

    /// An identifier that we drew.
    public static func id(_ value: some UUIDShaped) -> PublicValue { PublicValue(.string(value.description)) }

    /// A key id: 24 random bits.
    public static func keyID(_ value: KeyID) -> PublicValue { PublicValue(.string(value.description)) }

    /// A hash of ciphertext, or a keyed digest; never a plain hash of what a client typed.
    public static func hash(_ value: Digest) -> PublicValue { PublicValue(.string(value.description)) }

    /// A case of one of our own enumerations.
    public static func name<Name: RawRepresentable & CaseIterable>(_ value: Name) -> PublicValue
    where Name.RawValue == String {
        PublicValue(.string(value.rawValue))
    }

    /// Several public values.
    public static func list(_ values: [PublicValue]) -> PublicValue { PublicValue(.array(values.map(\.json))) }

    /// An object of public values.
    public static func object(_ value: PublicObject) -> PublicValue { PublicValue(.object(value.json)) }
}

/// The members of `data` or `meta`: keys are literals of ours, values are ``PublicValue``s.
public struct PublicObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    private(set) var json: JSONObject

    /// An object with the members of a literal.
    public init(dictionaryLiteral elements: (StaticString, PublicValue)...) {
        json = JSONObject()
        for (key, value) in elements { set(key, value) }
    }

    /// Adds a member.
    public mutating func set(_ key: StaticString, _ value: PublicValue) {
        json.append(key.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }, value.json)
    }

    /// Adds a member when there is a value for it.
    public mutating func set(_ key: StaticString, _ value: PublicValue?) {
        if let value { set(key, value) }
    }

    /// The canonical bytes that are stored and hashed (RFC 8785).
    public var canonicalBytes: [UInt8] { CanonicalJSON.bytes(of: json) }
}

/// Canonical bytes (RFC 8785) of objects that hold only integers, booleans and strings, as all of ours do.
enum CanonicalJSON {
    static func bytes(of object: JSONObject) -> [UInt8] {
        // The writer refuses fractional numbers only, which none of our builders can make.
        (try? object.canonicalBytes()) ?? []
    }
}
