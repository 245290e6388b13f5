import AccountDomain
import EventCoding
import StrictJSON

/// The counters of Spaces as the events have them: places taken by accounts, limits set by the Space's settings.
struct QuotaTally {
    /// A Space's rules, as its last event has them.
    struct Rules {
        var maximum: Int32?
        var emailUnique: Bool
    }

    /// Accounts made less accounts erased.
    private(set) var used: [StreamID: Int] = [:]
    private(set) var rules: [StreamID: Rules] = [:]

    /// An account was made, perhaps in a Space.
    mutating func created(_ data: [UInt8]) { count(data, 1) }

    /// The account whose creation had this data was erased.
    mutating func erased(_ data: [UInt8]) { count(data, -1) }

    private mutating func count(_ data: [UInt8], _ delta: Int) {
        guard let space = Self.object(data)?["space"]?.stringValue.flatMap({ StreamID($0) }) else { return }
        used[space, default: 0] += delta
    }

    /// A Space's settings are now these.
    mutating func set(_ space: StreamID, _ data: [UInt8]) {
        guard let object = Self.object(data) else { return }
        rules[space] = Rules(
            maximum: object["max_accounts"]?.integerValue.map { Int32(clamping: $0) },
            emailUnique: object["email_unique"] == .bool(true))
    }

    /// Adds what a later part of the log came to.
    mutating func add(_ later: QuotaTally) {
        used.merge(later.used, uniquingKeysWith: +)
        rules.merge(later.rules) { $1 }
    }

    private static func object(_ data: [UInt8]) -> JSONObject? { (try? JSONReader.read(data))?.objectValue }
}
