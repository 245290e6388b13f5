/// A batch as a test tells it, rendered as the call that the appender would make.
///
/// Streams, commands and keys are words; the server makes ids of them (`md5`, `sha256`), so failures stay readable.
struct Batch {
    /// One row of reservations taken or given up.
    struct Claim {
        var takes: Bool
        var namespace: Int
        var key: String

        static func take(_ namespace: Int, _ key: String) -> Claim {
            Claim(takes: true, namespace: namespace, key: key)
        }
        static func release(_ namespace: Int, _ key: String) -> Claim {
            Claim(takes: false, namespace: namespace, key: key)
        }
    }

    /// A stream appended to, or, without events, asserted not to have moved.
    struct Part {
        var stream: String
        var expected: Int
        var seen: Int
        var events: [String]
        var versions: [Int]?
        var epoch: Int?
        var erases: Bool
        var claims: [Claim]

        init(
            _ stream: String, expected: Int = 0, seen: Int = 0, events: [String] = [], versions: [Int]? = nil,
            epoch: Int? = nil, erases: Bool = false, claims: [Claim] = []
        ) {
            self.stream = stream
            self.expected = expected
            self.seen = seen
            self.events = events
            self.versions = versions
            self.epoch = epoch
            self.erases = erases
            self.claims = claims
        }
    }

    /// What one caller asked for; accepted or refused as a whole.
    struct Command {
        var id: String
        var parts: [Part]
        var places: [(owner: String, delta: Int)]
        var limits: [(owner: String, maximum: Int?)]

        init(
            _ id: String, _ parts: Part..., places: [(owner: String, delta: Int)] = [],
            limits: [(owner: String, maximum: Int?)] = []
        ) {
            self.id = id
            self.parts = parts
            self.places = places
            self.limits = limits
        }
    }

    var commands: [Command]
    /// The gateway's clock, as an expression of SQL.
    var now = "clock_timestamp()"
    /// Arrays given by hand in place of those rendered, for what no gateway ought to send.
    var replaced: [String: String] = [:]

    init(_ commands: Command...) {
        self.commands = commands
    }

    /// The call, with text columns head, appended, outcomes (empty when all were accepted) and refused_at.
    var sql: String {
        var arrays: [String: [String]] = [:]
        var part = 0
        for (index, command) in commands.enumerated() {
            let number = index + 1
            arrays["c_id", default: []].append(Self.uuid(command.id))
            for each in command.parts {
                part += 1
                append(each, at: part, of: number, to: &arrays)
            }
            for place in command.places {
                arrays["q_cmd", default: []].append("\(number)")
                arrays["q_owner", default: []].append(Self.uuid(place.owner))
                arrays["q_delta", default: []].append("\(place.delta)")
            }
            for limit in command.limits {
                arrays["m_cmd", default: []].append("\(number)")
                arrays["m_owner", default: []].append(Self.uuid(limit.owner))
                arrays["m_maximum", default: []].append(limit.maximum.map(String.init) ?? "NULL")
            }
        }
        let arguments = Self.parameters.map { name, type in
            "\(name) => " + (replaced[name] ?? "ARRAY[\((arrays[name] ?? []).joined(separator: ", "))]") + "::\(type)[]"
        }
        return """
            SELECT head::text, appended::text, coalesce(array_to_string(outcomes, ''), ''),
                   coalesce(array_to_string(refused_at, ','), '')
              FROM ledger.append_batch(p_log => 0::int2, p_now => \(now), p_notify => true,
                   \(arguments.joined(separator: ", ")))
            """
    }

    private func append(_ part: Part, at number: Int, of command: Int, to arrays: inout [String: [String]]) {
        arrays["s_cmd", default: []].append("\(command)")
        arrays["s_stream", default: []].append(Self.uuid(part.stream))
        arrays["s_expected", default: []].append("\(part.expected)")
        arrays["s_seen", default: []].append("\(part.seen)")
        arrays["s_epoch", default: []].append(part.epoch.map(String.init) ?? "NULL")
        arrays["s_wrapped", default: []].append(part.epoch == nil ? "NULL" : "'\\x1234'::bytea")
        arrays["s_destroy", default: []].append("\(part.erases)")
        for (index, type) in part.events.enumerated() {
            arrays["e_part", default: []].append("\(number)")
            arrays["e_version", default: []].append("\(part.versions?[index] ?? part.expected + index + 1)")
            arrays["e_type", default: []].append("'\(type)'")
            arrays["e_meta", default: []].append("'{\"door\":\"native\"}'::bytea")
            arrays["e_data", default: []].append("'{\"n\":\(index)}'::bytea")
            arrays["e_secret", default: []].append("'box'::bytea")
            arrays["e_secret_hash", default: []].append("sha256('box')")
        }
        for claim in part.claims {
            arrays["r_part", default: []].append("\(number)")
            arrays["r_add", default: []].append("\(claim.takes)")
            arrays["r_ns", default: []].append("\(claim.namespace)")
            arrays["r_key", default: []].append("sha256('\(claim.key)')")
        }
    }

    /// The id that a word stands for, as an expression of SQL.
    static func uuid(_ word: String) -> String { "md5('\(word)')::uuid" }

    /// Every array of the call with the type of its elements.
    static let parameters: [(name: String, type: String)] = [
        ("c_id", "uuid"), ("s_cmd", "int4"), ("s_stream", "uuid"), ("s_expected", "int4"), ("s_seen", "int8"),
        ("s_epoch", "int4"), ("s_wrapped", "bytea"), ("s_destroy", "bool"), ("e_part", "int4"), ("e_version", "int4"),
        ("e_type", "text"), ("e_meta", "bytea"), ("e_data", "bytea"), ("e_secret", "bytea"), ("e_secret_hash", "bytea"),
        ("r_part", "int4"), ("r_add", "bool"), ("r_ns", "int2"), ("r_key", "bytea"), ("q_cmd", "int4"),
        ("q_owner", "uuid"), ("q_delta", "int4"), ("m_cmd", "int4"), ("m_owner", "uuid"), ("m_maximum", "int4"),
    ]
}
