import StrictJSON

/// JSON values as they are printed: compact for programs, a line per fact for people.
enum JSONText {
    /// One line of JSON.
    static func compact(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        // Fails only for numbers that are none; what was read holds none.
        try? writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// A value in a table or a list of facts.
    static func short(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: "-"
        case .bool(let flag): flag ? "yes" : "no"
        case .integer(let number): String(number)
        case .number(let text): text
        case .string(let text): printable(text)
        case .array(let items) where items.isEmpty: "-"
        case .array(let items): items.map { short($0) }.joined(separator: ", ")
        case .object(let object) where object.isEmpty: "-"
        case .object(let object):
            object.members.map { "\(printable($0.key)) \(short($0.value))" }.joined(separator: ", ")
        }
    }

    /// A line per member.
    static func facts(_ object: JSONObject) -> [String] {
        let width = object.keys.map(\.count).max() ?? 0
        return object.members.map { member in
            let name = printable(member.key) + String(repeating: " ", count: width - member.key.count + 2)
            return Style.dim(name) + short(member.value)
        }
    }
}

extension ClientOptions {
    /// Prints what the service made.
    func report(_ object: JSONObject) {
        if json {
            Output.line(JSONText.compact(.object(object)))
        } else {
            for line in JSONText.facts(object) { Output.line(line) }
        }
    }
}
