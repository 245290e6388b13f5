public import StrictJSON

/// A member of a JSON object as a merge patch sees it.
public enum Member<Value> {
    /// Not there: leave as is.
    case absent
    /// There and null: remove.
    case null
    /// There, with this value.
    case value(Value)

    /// The value, nil when absent or null.
    public var value: Value? {
        guard case .value(let value) = self else { return nil }
        return value
    }
}

extension Member: Sendable where Value: Sendable {}
extension Member: Equatable where Value: Equatable {}

/// Reads the members of a request body, and collects all that is wrong with them.
///
/// Readers return a placeholder where a member is wrong, so that the others are looked at too; nothing read may be used
/// before `finish()` has not thrown.
public struct ObjectReader {
    private let object: JSONObject
    private let pointer: String
    private var known: [String] = []
    /// What is wrong so far.
    public private(set) var errors: [Problem.Item] = []
    /// Clients that send a thousand wrong things are told of the first hundred.
    private static let maximumErrors = 100

    /// Reads `object`, which stands at `pointer` of the body.
    public init(_ object: JSONObject, pointer: String = "") {
        self.object = object
        self.pointer = pointer
    }

    // MARK: Any member

    /// The member `name` as it stands.
    public mutating func member(_ name: String) -> Member<JSONValue> {
        known.append(name)
        switch object[name] {
        case nil: return .absent
        case .null: return .null
        case .some(let value): return .value(value)
        }
    }

    /// The member `name`, converted; `expected` completes "must be …" where it cannot be.
    public mutating func member<Value>(
        _ name: String, expected: String, _ convert: (JSONValue) -> Value?
    ) -> Member<Value> {
        switch member(name) {
        case .absent: return .absent
        case .null: return .null
        case .value(let json):
            guard let value = convert(json) else {
                refuse(name, "must be \(expected)")
                return .absent
            }
            return .value(value)
        }
    }

    private mutating func required<Value>(_ name: String, _ member: Member<Value>, _ placeholder: Value) -> Value {
        if let value = member.value { return value }
        if object[name] == nil || object[name] == .null { refuse(name, "is required") }
        return placeholder
    }

    // MARK: Strings

    /// A string of `minCharacters` to `maxCharacters`, each counted as a Unicode scalar.
    ///
    /// `matching` completes the length with a rule of its own; `rule` says it in words ("must be …").
    public mutating func string(
        _ name: String, minCharacters: Int = 0, maxCharacters: Int, rule: String? = nil,
        matching: (String) -> Bool = { _ in true }
    ) -> Member<String> {
        let length = minCharacters == 0 ? "at most \(maxCharacters)" : "\(minCharacters) to \(maxCharacters)"
        return member(name, expected: rule ?? "a string of \(length) characters") { json in
            guard case .string(let text) = json, text.utf8.count >= minCharacters,
                Self.hasLength(text, minCharacters...max(minCharacters, maxCharacters)), matching(text)
            else { return nil }
            return text
        }
    }

    private static func hasLength(_ text: String, _ range: ClosedRange<Int>) -> Bool {
        // A scalar has one to four bytes; only in between is it worth counting.
        if text.utf8.count > 4 * range.upperBound { return false }
        return range.contains(text.unicodeScalars.count)
    }

    /// A string that must be there.
    public mutating func requiredString(
        _ name: String, minCharacters: Int = 0, maxCharacters: Int, rule: String? = nil,
        matching: (String) -> Bool = { _ in true }
    ) -> String {
        let member = string(
            name, minCharacters: minCharacters, maxCharacters: maxCharacters, rule: rule, matching: matching)
        return required(name, member, "")
    }

    /// A string, nil when absent or null.
    public mutating func optionalString(
        _ name: String, minCharacters: Int = 0, maxCharacters: Int, rule: String? = nil,
        matching: (String) -> Bool = { _ in true }
    ) -> String? {
        string(name, minCharacters: minCharacters, maxCharacters: maxCharacters, rule: rule, matching: matching).value
    }

    // MARK: Numbers and truth values

    /// An integer in `range`.
    public mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Member<Int64> {
        member(name, expected: "an integer from \(range.lowerBound) to \(range.upperBound)") { json in
            json.integerValue.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// An integer that must be there.
    public mutating func requiredInteger(_ name: String, in range: ClosedRange<Int64>) -> Int64 {
        required(name, integer(name, in: range), range.lowerBound)
    }

    /// An integer, nil when absent or null.
    public mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        integer(name, in: range).value
    }

    /// A truth value.
    public mutating func bool(_ name: String) -> Member<Bool> {
        member(name, expected: "true or false", \.boolValue)
    }

    /// A truth value, nil when absent or null.
    public mutating func optionalBool(_ name: String) -> Bool? { bool(name).value }

    // MARK: Bytes, arrays, objects

    /// Bytes in standard base64, at most `maxBytes`.
    public mutating func base64(_ name: String, maxBytes: Int) -> Member<[UInt8]> {
        member(name, expected: "at most \(maxBytes) bytes in standard base64 with padding") { json in
            guard case .string(let text) = json, text.utf8.count <= (maxBytes + 2) / 3 * 4,
                let bytes = Base64.decode(text), bytes.count <= maxBytes
            else { return nil }
            return bytes
        }
    }

    /// Bytes in standard base64 that must be there.
    public mutating func requiredBase64(_ name: String, maxBytes: Int) -> [UInt8] {
        required(name, base64(name, maxBytes: maxBytes), [])
    }

    /// An array of at most `maxCount` strings; each wrong element is pointed at by itself.
    public mutating func stringArray(
        _ name: String, maxCount: Int, maxCharacters: Int, rule: String? = nil,
        matching: (String) -> Bool = { _ in true }
    ) -> Member<[String]> {
        let array = member(name, expected: "an array of at most \(maxCount) strings") { json -> [JSONValue]? in
            json.arrayValue.flatMap { $0.count <= maxCount ? $0 : nil }
        }
        switch array {
        case .absent: return .absent
        case .null: return .null
        case .value(let elements):
            var strings: [String] = []
            for (index, element) in elements.enumerated() {
                if case .string(let text) = element, Self.hasLength(text, 0...maxCharacters), matching(text) {
                    strings.append(text)
                } else {
                    refuse(
                        "\(name)/\(index)", "must be \(rule ?? "a string of at most \(maxCharacters) characters")",
                        isPath: true)
                }
            }
            return .value(strings)
        }
    }

    /// An object, read by `read`, whose errors join these.
    public mutating func object<Value>(
        _ name: String, _ read: (inout ObjectReader) -> Value
    ) -> Member<Value> {
        switch member(name, expected: "an object", \.objectValue) {
        case .absent: return .absent
        case .null: return .null
        case .value(let inner):
            var reader = ObjectReader(inner, pointer: "\(pointer)/\(Self.escape(name))")
            let value = read(&reader)
            append(reader.errors)
            return .value(value)
        }
    }

    /// All members of this object as they stand, which makes all of them known.
    public mutating func allMembers() -> [JSONObject.Member] {
        known.append(contentsOf: object.keys)
        return object.members
    }

    // MARK: Errors

    /// Adds an error about the member `name`; `detail` goes on after the member ("must be …").
    public mutating func refuse(_ name: String, _ detail: String) { refuse(name, detail, isPath: false) }

    private mutating func refuse(_ name: String, _ detail: String, isPath: Bool) {
        // Of a path only the part before the index can hold what needs escaping, and callers give constants there.
        append([.init(pointer: "\(pointer)/\(isPath ? name : Self.escape(name))", detail: detail)])
    }

    private mutating func append(_ items: [Problem.Item]) {
        errors.append(contentsOf: items.prefix(max(0, Self.maximumErrors - errors.count)))
    }

    /// Refuses members that nobody asked for.
    public mutating func refuseUnknownMembers() {
        for member in object.members where !known.contains(member.key) { refuse(member.key, "is not known here") }
    }

    /// Ends the reading.
    ///
    /// - Throws: `invalid` with everything that was wrong.
    public func finish() throws(Problem) {
        guard errors.isEmpty else { throw Problem(.invalid, "The request body is not valid.", errors: errors) }
    }

    /// The name as a reference token of a JSON pointer (RFC 6901, section 3).
    private static func escape(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        return name.reduce(into: "") { $0 += $1 == "~" ? "~0" : $1 == "/" ? "~1" : String($1) }
    }
}
