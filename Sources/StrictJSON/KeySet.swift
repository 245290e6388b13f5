/// The keys of the object that is being read.
///
/// Few keys are compared one by one, which is cheaper than hashing; from the ninth on a set keeps the cost linear.
/// Keys are compared as `String` does, so two spellings of one character (U+00E9, and e with U+0301) count as
/// repeated too: no reader behind this one can be made to see either of the two.
struct KeySet {
    private static let hashedFrom = 8
    private var hashed: Set<String> = []

    /// Notes `key`, which follows `members`; false when it is among them.
    mutating func insert(_ key: String, after members: [JSONObject.Member]) -> Bool {
        if members.count < Self.hashedFrom {
            return !members.contains { $0.key == key }
        }
        if hashed.isEmpty {
            hashed = Set(members.lazy.map(\.key))
        }
        return hashed.insert(key).inserted
    }
}
