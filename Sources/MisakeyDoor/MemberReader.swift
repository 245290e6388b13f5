import DoorKit
import StrictJSON

/// Reads the members of a request body, gathering what is wrong with them by their leaf names.
///
/// Members that nobody asks for are ignored, and null is what an absent member is.
struct MemberReader {
    /// What is wrong so far, and in which words.
    final class Findings {
        private(set) var details: [(key: String, value: String)] = []
        private var places: [String] = []
        private var isTooLarge = false

        func add(_ key: String, _ value: MisakeyError.Value, at place: String) {
            places.append("\(place): \(value.rawValue)")
            guard !details.contains(where: { $0.key == key }) else { return }
            details.append((key, value.rawValue))
        }

        /// Notes that a text is longer than any may be.
        func exceed() { isTooLarge = true }

        /// Throws what was found.
        func finish() throws(MisakeyError) {
            if isTooLarge { throw MisakeyError(.requestEntityTooLarge, .body, "the backup is too long") }
            guard !details.isEmpty else { return }
            var error = MisakeyError(.badRequest, .body, places.joined(separator: ", "))
            error.details = details
            throw error
        }
    }

    let object: JSONObject
    let findings: Findings
    /// The names of the objects around this one, which we know, each with a dot behind it.
    private let place: String

    init(_ object: JSONObject, _ findings: Findings = Findings(), place: String = "") {
        self.object = object
        self.findings = findings
        self.place = place
    }

    func refuse(_ key: String, _ value: MisakeyError.Value) { findings.add(key, value, at: place + key) }

    /// The value under a name, or under one of several that mean the same; nil when there is none.
    ///
    /// Two spellings with two values contradict each other, which is told by the first name.
    func value(_ names: String...) -> (name: String, value: JSONValue)? { value(names) }

    private func value(_ names: [String]) -> (name: String, value: JSONValue)? {
        var found: (name: String, value: JSONValue)?
        for name in names {
            guard let value = object[name], !value.isNull else { continue }
            if let found, found.value != value {
                refuse(names[0], .conflict)
                return nil
            }
            if found == nil { found = (name, value) }
        }
        return found
    }

    /// A text that must be there and not be empty.
    func text(_ names: String...) -> (name: String, text: String)? {
        let before = findings.details.count
        guard let (name, value) = value(names) else {
            if findings.details.count == before { refuse(names[0], .required) }
            return nil
        }
        guard case .string(let text) = value else {
            refuse(name, .malformed)
            return nil
        }
        guard !text.isEmpty else {
            refuse(name, .required)
            return nil
        }
        return (name, text)
    }

    /// An integer that must be there; 0 counts as absent, as it does in the system's own server.
    func integer(_ name: String) -> Int? {
        switch object[name] {
        case nil, .null, .integer(0): refuse(name, .required)
        case .integer(let value): return Int(value)
        default: refuse(name, .malformed)
        }
        return nil
    }

    /// An object that must be there.
    func child(_ name: String) -> MemberReader? {
        switch object[name] {
        case nil, .null: refuse(name, .required)
        case .object(let object): return MemberReader(object, findings, place: "\(place)\(name).")
        default: refuse(name, .malformed)
        }
        return nil
    }

    /// An object that may be left out.
    func optionalChild(_ name: String) -> MemberReader? {
        guard let value = object[name], !value.isNull else { return nil }
        guard case .object(let object) = value else {
            refuse(name, .malformed)
            return nil
        }
        return MemberReader(object, findings, place: "\(place)\(name).")
    }

    /// Texts that must be there, at least one.
    func texts(_ name: String) -> [String]? {
        switch object[name] {
        case nil, .null, .array([]): refuse(name, .required)
        case .array(let items):
            let texts = items.compactMap(\.stringValue)
            if texts.count == items.count { return texts }
            refuse(name, .malformed)
        default: refuse(name, .malformed)
        }
        return nil
    }

    /// URL-safe base64 that must be there, of so many characters at most.
    func urlText(_ name: String, maximum: Int, padded: Bool = false, prefix: URLText.Prefix = .none) -> String? {
        guard let (_, text) = text(name) else { return nil }
        return check(text, name, maximum: maximum, padded: padded, prefix: prefix)
    }

    /// The same where it may be left out.
    func optionalURLText(_ name: String, maximum: Int, padded: Bool = false, prefix: URLText.Prefix = .none) -> String?
    {
        guard let value = object[name], !value.isNull else { return nil }
        return urlText(name, maximum: maximum, padded: padded, prefix: prefix)
    }

    /// Checks a text by the rules of URL-safe base64, under the name that a refusal has.
    func check(_ text: String, _ name: String, maximum: Int, padded: Bool, prefix: URLText.Prefix) -> String? {
        guard URLText.isValid(text, padded: padded, prefix: prefix) else {
            refuse(name, .malformed)
            return nil
        }
        guard text.utf8.count <= maximum else {
            refuse(name, .invalid)
            return nil
        }
        return text
    }
}

extension DoorRequest {
    /// Reads the members of the body, which must be an object.
    ///
    /// - Throws: ``MisakeyError`` with everything that is wrong with them.
    func read<Value>(_ read: (MemberReader) throws -> Value?) throws -> Value {
        try requireReadableQuery()
        if let bodyProblem { throw bodyProblem }
        // Who sends none says no type either, and it is the body that is missed.
        guard hasBody else { throw MisakeyError(.badRequest, .body, "a body is expected") }
        // Public keys stand as names of members, and are longer than names elsewhere.
        let reader = MemberReader(try jsonObject(limits: JSONLimits(keyBytes: 2_048)))
        let value = try read(reader)
        try reader.findings.finish()
        guard let value else { throw MisakeyError(.badRequest, .body) }
        return value
    }
}
