/// What a person tells of themselves: up to 64 texts under short keys, sorted by key.
public struct ProfileMembers: Sendable, Equatable {
    /// Keys and values, sorted by key.
    public let members: [(key: String, value: String)]

    /// No member at all.
    public static let empty = ProfileMembers(stored: [])

    /// Takes members that keep the rules: keys of 1 to 64, values of up to 1,024 characters, no key twice.
    ///
    /// - Throws: ``ValidationError`` naming the rule that is broken.
    public init(_ members: [(String, String)]) throws(ValidationError) {
        guard members.count <= 64 else { throw ValidationError("have at most 64 members") }
        for (key, value) in members {
            guard key.isPlain(1...64) else { throw ValidationError("have keys of 1 to 64 characters") }
            guard value.unicodeScalars.count <= 1024, !value.unicodeScalars.contains("\0") else {
                throw ValidationError("have values of at most 1024 characters")
            }
        }
        guard Set(members.map(\.0)).count == members.count else { throw ValidationError("name each key once") }
        self.init(stored: members)
    }

    /// Takes members that kept the rules when they were written to the log.
    public init(stored members: [(String, String)]) {
        self.members = members.map { (key: $0.0, value: $0.1) }.sorted { $0.key < $1.key }
    }

    /// How many there are.
    public var count: Int { members.count }
    /// Whether there are none.
    public var isEmpty: Bool { members.isEmpty }

    /// The value under a key.
    public subscript(_ key: String) -> String? { members.first { $0.key == key }?.value }

    /// These members with some set, and those removed whose value is nil (RFC 7396).
    public func merging(_ patch: [(String, String?)]) throws(ValidationError) -> ProfileMembers {
        var merged = members.map { ($0.key, $0.value) }
        for (key, value) in patch {
            merged.removeAll { $0.0 == key }
            if let value { merged.append((key, value)) }
        }
        return try ProfileMembers(merged)
    }

    /// Equal when all keys and values are, byte by byte: another spelling of the same letters is a change.
    public static func == (left: ProfileMembers, right: ProfileMembers) -> Bool {
        left.members.count == right.members.count
            && zip(left.members, right.members).allSatisfy {
                $0.key.utf8.elementsEqual($1.key.utf8) && $0.value.utf8.elementsEqual($1.value.utf8)
            }
    }
}
