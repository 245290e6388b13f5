/// A bounded memory in two generations: what was not used while half the places were taken anew is forgotten.
struct GenerationCache<Key: Hashable, Value> {
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private let half: Int

    init(limit: Int) {
        half = max(1, limit / 2)
    }

    /// Looks, without counting as a use.
    subscript(key: Key) -> Value? { young[key] ?? old[key] }

    /// Takes a value out, so that it can be changed in place.
    mutating func take(_ key: Key) -> Value? {
        young.removeValue(forKey: key) ?? old.removeValue(forKey: key)
    }

    mutating func put(_ key: Key, _ value: Value) {
        if young.count >= half {
            old = young
            young = [:]
        }
        young[key] = value
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
    }
}
