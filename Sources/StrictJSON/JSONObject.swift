/// The members of a JSON object, in order.
///
/// An object has few members, so they lie in an array: building one costs no hashing, and a lookup walks them.
/// Two objects are equal when they have the same members in the same order.
public struct JSONObject: Sendable, Equatable {
    /// A key with its value.
    public struct Member: Sendable, Equatable {
        /// The name, unescaped.
        public let key: String
        /// What stands behind the name.
        public var value: JSONValue

        /// Pairs a key with its value.
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// All members, in order.
    public private(set) var members: [Member]

    /// Creates an object without members.
    public init() { members = [] }

    /// Takes over members whose keys are known to differ.
    init(distinct members: [Member]) { self.members = members }

    /// How many members there are.
    public var count: Int { members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// The names, in order.
    public var keys: some RandomAccessCollection<String> { members.lazy.map(\.key) }

    /// The value of `key`, nil where there is none.
    public subscript(_ key: String) -> JSONValue? {
        for member in members where member.key == key { return member.value }
        return nil
    }

    /// Adds a member at the end.
    ///
    /// The key must be new. Nothing looks for an earlier one, so that building an object stays linear; writing the
    /// canonical form of an object with a repeated key throws.
    public mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
    }

    /// Replaces the value of `key` where it stands, or adds the member at the end.
    public mutating func set(_ key: String, to value: JSONValue) {
        if let index = members.firstIndex(where: { $0.key == key }) {
            members[index].value = value
        } else {
            append(key, value)
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Creates an object; of a repeated key the last value stays.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (key, value) in elements { set(key, to: value) }
    }
}
