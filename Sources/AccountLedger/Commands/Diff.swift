import ArgumentParser
import StrictJSON

/// `diff`: what changed in an account between two moments, by whom and through which door.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what changed in an account between two moments.",
        discussion: """
            A moment is a position of the log, a time as in RFC 3339, or `now`. Each change stands with the event that \
            made it: who did it, through which door, and when. From before the account's creation everything is a \
            change.

            Asks the service at LEDGER_PUBLIC_URL with LEDGER_ROOT_KEY, or beside an `up` the key in LEDGER_HOME.
            """)

    @Argument(help: "The account's id or name.")
    var account: String

    @Argument(help: ArgumentHelp("The earlier moment.", valueName: "at"))
    var from: String

    @Argument(help: ArgumentHelp("The later moment.", valueName: "at"))
    var to: String

    @OptionGroup var client: ClientOptions

    func run() throws {
        let past = AccountPast(try client.client(), account: account)
        let id = try past.find()
        let start = try past.view(of: id, at: from, mayBeMissing: true)
        let end = try past.view(of: id, at: to)
        let (first, last) = (Self.version(start), Self.version(end))
        guard first <= last else {
            throw CommandFailure(
                .usage, "\(printable(from)) lies behind \(printable(to)); the earlier moment comes first")
        }
        var changes: [AccountChange] = []
        var before = start
        try past.events(of: id, after: first, upTo: last) { event in
            let after = try past.view(of: id, at: JSONText.short(event["sequence"]))
            changes.append(AccountChange(event: event, before: before, after: after))
            before = after
        }
        if client.json {
            let items = changes.map { JSONValue.object($0.json) }
            return Output.line(
                JSONText.compact([
                    "account": .string(id), "from": Self.moment(start), "to": Self.moment(end),
                    "changes": .array(items),
                ]))
        }
        var table = Table(["POSITION", "TIME", "EVENT", "BY", "DOOR", "WHAT", "BEFORE", "AFTER"])
        for change in changes { for row in change.rows { table.append(row) } }
        table.print()
        if changes.isEmpty { Output.writeToStandardError("nothing changed\n") }
    }

    private static func version(_ view: JSONObject) -> Int64 { view["version"]?.integerValue ?? 0 }

    private static func moment(_ view: JSONObject) -> JSONValue {
        .object(["version": view["version"] ?? 0, "position": view["position"] ?? .null])
    }
}

/// What one event changed in an account.
struct AccountChange {
    /// A member of the account that is another after the event.
    struct Member: Equatable {
        let name: String
        let before: JSONValue?
        let after: JSONValue?
    }

    let event: JSONObject
    let members: [Member]

    /// Members that every event changes.
    private static let counters: Set<String> = ["version", "position", "updated_at"]

    init(event: JSONObject, before: JSONObject, after: JSONObject) {
        self.event = event
        var members: [Member] = []
        for member in after.members where !Self.counters.contains(member.key) {
            members += Self.differences(member.key, before[member.key], member.value)
        }
        // Of an account that just came to be, what is empty is no news.
        self.members = before.isEmpty ? members.filter { JSONText.short($0.after) != "-" } : members
    }

    /// Compares values; of objects, and of lists whose items have an id, item by item.
    private static func differences(_ name: String, _ before: JSONValue?, _ after: JSONValue?) -> [Member] {
        guard before != after else { return [] }
        if let (old, new) = both(before, after, { $0.objectValue }) {
            return names(old, new).flatMap { differences("\(name).\($0)", old[$0], new[$0]) }
        }
        if let (old, new) = both(before, after, byID) {
            return names(old, new).flatMap { differences("\(name).\($0)", old[$0], new[$0]) }
        }
        return [Member(name: name, before: before, after: after)]
    }

    private static func both(
        _ before: JSONValue?, _ after: JSONValue?, _ read: (JSONValue) -> JSONObject?
    ) -> (JSONObject, JSONObject)? {
        guard let before, let after, let old = read(before), let new = read(after) else { return nil }
        return (old, new)
    }

    private static func names(_ old: JSONObject, _ new: JSONObject) -> [String] {
        old.keys + new.keys.filter { old[$0] == nil }
    }

    /// A list as an object, by the ids of its items; nil for lists without.
    private static func byID(_ value: JSONValue) -> JSONObject? {
        guard let items = value.arrayValue else { return nil }
        var object = JSONObject()
        for item in items {
            guard let id = item.objectValue?["id"]?.stringValue else { return nil }
            object.set(id, to: item)
        }
        return object
    }

    private var meta: JSONObject? {
        event["meta"]?.stringValue.flatMap { try? JSONReader.read(Array($0.utf8)) }?.objectValue
    }

    private var actor: JSONObject? { meta?["actor"]?.objectValue }

    var json: JSONObject {
        [
            "position": .string(JSONText.short(event["sequence"])), "time": event["time"] ?? .null,
            "type": event["type"] ?? .null, "actor": actor.map { .object($0) } ?? .null,
            "door": meta?["door"] ?? .null, "request_id": meta?["request_id"] ?? .null,
            "changes": .array(
                members.map {
                    .object([
                        "member": .string($0.name), "before": $0.before ?? .null, "after": $0.after ?? .null,
                    ])
                }),
        ]
    }

    /// Rows of the table: the event's own facts stand in its first one.
    var rows: [[String]] {
        let by = [actor?["kind"]?.stringValue ?? "-", actor?["id"]?.stringValue].compactMap { $0 }
        let facts = [
            JSONText.short(event["sequence"]), String(JSONText.short(event["time"]).prefix(23)),
            JSONText.short(event["type"]), by.joined(separator: " "), JSONText.short(meta?["door"]),
        ]
        guard !members.isEmpty else { return [facts + ["-", "-", "-"]] }
        return members.enumerated().map { index, member in
            let lead = index == 0 || !Output.isTerminal ? facts : facts.map { _ in "" }
            return lead + [member.name, JSONText.short(member.before), JSONText.short(member.after)]
        }
    }
}
