import AccountDomain
import DoorKit
import NIOCore
import StrictJSON

extension DoorRequest {
    /// Reads the body's members, all of which must be known.
    ///
    /// - Throws: the problem that names everything that is wrong with them.
    func read<Value>(_ read: (inout ObjectReader) -> Value) throws(Problem) -> Value {
        var reader = ObjectReader(try jsonObject())
        let value = read(&reader)
        reader.refuseUnknownMembers()
        try reader.finish()
        return value
    }

    /// The same for a route whose body may be left out.
    func readIfAny<Value>(_ read: (inout ObjectReader) -> Value) throws(Problem) -> Value {
        guard body.readableBytes == 0 else { return try self.read(read) }
        var reader = ObjectReader(JSONObject())
        return read(&reader)
    }
}

extension ObjectReader {
    /// A text that keeps a rule of the domain.
    mutating func text<Value: TextValue>(_ name: String, as type: Value.Type) -> Member<Value> {
        switch member(name) {
        case .absent: return .absent
        case .null: return .null
        case .value(.string(let text)):
            do { return .value(try Value(text)) } catch {
                refuse(name, error.description)
                return .absent
            }
        case .value:
            refuse(name, "must be a string")
            return .absent
        }
    }

    /// A text that keeps a rule of the domain and must be there; nil stands for one that was refused.
    mutating func requiredText<Value: TextValue>(_ name: String, as type: Value.Type) -> Value? {
        let before = errors.count
        let value = text(name, as: type).value
        if value == nil, errors.count == before { refuse(name, "is required") }
        return value
    }

    /// One of the names of an enumeration of ours.
    mutating func choice<Value: RawRepresentable & CaseIterable>(_ name: String, of type: Value.Type) -> Member<Value>
    where Value.RawValue == String {
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return member(name, expected: "one of \(known)") { json in
            if case .string(let text) = json { Value(rawValue: text) } else { nil }
        }
    }

    /// The id of a stream.
    mutating func stream(_ name: String) -> Member<StreamID> {
        member(name, expected: "an id: a UUID in lower case") { json in
            if case .string(let text) = json { StreamID(text) } else { nil }
        }
    }

    /// The id of a stream that must be there; nil stands for one that was refused.
    mutating func requiredStream(_ name: String) -> StreamID? {
        let before = errors.count
        let value = stream(name).value
        if value == nil, errors.count == before { refuse(name, "is required") }
        return value
    }

    /// Some addresses.
    mutating func emails(_ name: String) -> Member<[EmailAddress]> {
        let texts = stringArray(
            name, maxCount: Profile.maximumEmails, maxCharacters: 254,
            rule: "an e-mail address of at most 254 characters"
        ) { (try? EmailAddress($0)) != nil }
        switch texts {
        case .absent: return .absent
        case .null: return .null
        case .value(let texts): return .value(texts.compactMap { try? EmailAddress($0) })
        }
    }

    /// Members of a profile, each a text or, where that is allowed, null.
    mutating func profile(_ name: String, takesNull: Bool) -> Member<[(String, String?)]> {
        object(name) { reader in
            var members: [(String, String?)] = []
            for member in reader.allMembers() {
                switch member.value {
                case .string(let text):
                    if let rule = Self.brokenRule(member.key, text) { reader.refuse(member.key, rule) }
                    members.append((member.key, text))
                case .null where takesNull: members.append((member.key, nil))
                default: reader.refuse(member.key, takesNull ? "must be a string or null" : "must be a string")
                }
            }
            return members
        }
    }

    private static func brokenRule(_ key: String, _ value: String) -> String? {
        do { _ = try ProfileMembers([(key, value)]) } catch { return error.description }
        return nil
    }

    /// A new password: 6 to 1,024 bytes, taken as they are.
    mutating func newPassword(_ name: String) -> Member<[UInt8]> {
        member(name, expected: "a string of 6 to 1024 bytes") { json in
            guard case .string(let text) = json, (6...1024).contains(text.utf8.count) else { return nil }
            return Array(text.utf8)
        }
    }

    /// A password to be checked; nil when absent or null.
    mutating func password(_ name: String) -> [UInt8]? {
        member(name, expected: "a string of at most 1024 bytes") { json -> [UInt8]? in
            guard case .string(let text) = json, text.utf8.count <= 1024 else { return nil }
            return Array(text.utf8)
        }.value
    }

    /// A password to be checked, which must be there.
    mutating func requiredPassword(_ name: String) -> [UInt8] {
        let before = errors.count
        let value = password(name)
        if value == nil, errors.count == before { refuse(name, "is required") }
        return value ?? []
    }

    /// Refuses null where a member, once there, cannot be taken away.
    mutating func refuseNull<Value>(_ name: String, _ member: Member<Value>) {
        if case .null = member { refuse(name, "must not be null") }
    }
}
