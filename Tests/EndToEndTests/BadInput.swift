import StrictJSON
import Testing

/// The routes that take a body, their fields, and what is wrong for each.
enum BadInput {
    /// What stands ready for a route.
    struct World: Sendable {
        let account: String
        let identity: String
        let domain: String
        let key: String
    }

    struct Field: Sendable {
        let name: String
        let isRequired: Bool
        /// Texts of JSON values that must be refused.
        let wrong: [String]

        init(_ name: String, required: Bool = false, _ wrong: [String]) {
            self.name = name
            isRequired = required
            self.wrong = wrong
        }

        func replaced(in body: [UInt8], with text: String) throws -> [UInt8] {
            let members = try JSONReader.read(body).objectValue?.members.filter { $0.key != name } ?? []
            return try BadInput.object(members, and: "\"\(name)\":\(text)")
        }

        func removed(from body: [UInt8]) throws -> [UInt8] {
            try BadInput.object(
                try JSONReader.read(body).objectValue?.members.filter { $0.key != name } ?? [], and: nil)
        }
    }

    private static func object(_ members: [JSONObject.Member], and text: String?) throws -> [UInt8] {
        var parts: [String] = []
        for member in members {
            var writer = JSONWriter()
            try writer.value(member.value)
            parts.append("\"\(member.key)\":\(String(decoding: writer.bytes, as: UTF8.self))")
        }
        if let text { parts.append(text) }
        return Array("{\(parts.joined(separator: ","))}".utf8)
    }

    struct Route: Sendable, CustomTestStringConvertible {
        let method: String
        let template: String
        let valid: String
        let fields: [Field]
        var isUpload = false

        init(_ method: String, _ template: String, _ valid: String, isUpload: Bool = false, _ fields: [Field]) {
            self.method = method
            self.template = template
            self.valid = valid
            self.fields = fields
            self.isUpload = isUpload
        }

        var testDescription: String { "\(method) \(template)" }

        private func filled(_ text: String, _ world: World) -> String {
            text.replacing("ACCOUNT", with: world.account).replacing("IDENTITY", with: world.identity)
                .replacing("DOMAIN", with: world.domain).replacing("FRESH", with: Unique.name())
        }

        func path(_ world: World) -> String { filled(template, world) }
        func body(_ world: World) throws -> [UInt8] { Array(filled(valid, world).utf8) }
    }

    // MARK: Values

    private static let control = ["\"a\\u0000b\"", "\"a\u{0}b\""]
    private static let notStrings = ["1", "true", "[]", "{}", "1e999", "[\"a\"]"]
    private static func long(_ count: Int) -> String { "\"\(String(repeating: "a", count: count))\"" }
    private static func text(_ longest: Int, _ others: String...) -> [String] {
        notStrings + control + [long(longest + 1)] + others
    }
    private static let notBools = ["1", "\"true\"", "[]", "{}", "0"]
    private static func integer(_ others: String...) -> [String] {
        [
            "\"1\"", "1.5", "true", "[]", "{}", "1e999", "99999999999999999999", "-99999999999999999999",
            "9007199254740993",
            "\(String(repeating: "9", count: 60))",
        ] + others
    }
    private static let notIDs =
        notStrings + control + [long(5000), "\"\"", "\"x\"", "\"11111111-1111-4111-8111-1111111111\""]
    private static let base64 =
        notStrings + control + ["\"A\"", "\"AA\"", "\"A A=\"", "\"_-__\"", "\"AAAA\\n\"", "\"====\""]
    private static let password = notStrings + [long(1025), "\"a\u{0}b\""]
    private static let emails = [
        "1", "true", "{}", "\"a@example.org\"", "[1]", "[null]", "[[]]", "[\"\"]", "[\"a\"]", "[\"a@\"]", "[\"@b\"]",
        "[\"a b@example.org\"]", "[\"a@example.org\",\"a@example.org\"]", "[\(long(300))]",
        "[\"a\\u0000@example.org\"]",
        "[\"\(String(repeating: "a", count: 250))@example.org\"]",
        "[\((0..<200).map { "\"a\($0)@example.org\"" }.joined(separator: ","))]",
    ]
    private static let profile = [
        "1", "\"x\"", "[]", "true", "{\"a\":1}", "{\"a\":[]}", "{\"a\":{}}", "{\"a\":true}", "{\"a\":\(long(1025))}",
        "{\"\(String(repeating: "k", count: 65))\":\"v\"}", "{\"a\":\"\\u0000\"}",
        "{\((0..<65).map { "\"k\($0)\":\"v\"" }.joined(separator: ","))}",
    ]
    private static let name = text(100, "\"\"", "\"UPPER\"", "\"sp ace\"", "\"é\"", "\"a.b\"")
    private static let reason = Field("reason", text(1024, "\"\""))
    private static let space: [Field] = [
        Field("name", required: true, text(100, "\"\"")),
        Field("domain", required: true, text(253, "\"\"", "\"UP.example.org\"", "\"-a\"", "\"a..b\"", "\"a b\"")),
        Field("host", required: true, text(253, "\"\"", "\"UP.example.org\"")),
        Field("super", notBools), Field("realm", text(253, "\"\"")), Field("max_accounts", integer("-1")),
        Field("email_unique", notBools),
        Field("expires_at", text(100, "\"\"", "\"tomorrow\"", "\"2026-13-01T00:00:00Z\"")),
        Field("username_min_length", integer("0", "-1", "101")), Field("password_min_length", integer("5", "1025")),
    ]

    // MARK: Routes

    static let routes: [Route] = [
        Route(
            "POST", "/v1/accounts", "{\"name\":\"FRESH\"}", isUpload: true,
            [
                Field("name", name), Field("emails", emails), Field("profile", profile),
                Field("password", password + ["\"\"", "\"12345\""]), Field("activated", notBools),
                Field(
                    "backup",
                    [
                        "1", "\"AAAA\"", "[]", "{}", "{\"data\":1}", "{\"data\":null}", "{\"data\":\"A\"}",
                        "{\"data\":\"AAAA\",\"x\":1}",
                    ]),
                Field("space", text(253, "\"\"", "\"none.example.org\"", "\"UP\"")),
            ]),
        Route(
            "PATCH", "/v1/accounts/ACCOUNT", "{\"profile\":{\"z\":\"y\"}}",
            [
                Field("name", name), Field("emails", emails), Field("profile", profile), Field("admin", notBools),
            ]),
        Route("POST", "/v1/accounts/ACCOUNT/activate", "{}", [reason]),
        Route("POST", "/v1/accounts/ACCOUNT/deactivate", "{}", [reason]),
        Route("POST", "/v1/accounts/ACCOUNT/block", "{}", [reason]),
        Route("POST", "/v1/accounts/ACCOUNT/unblock", "{}", [reason]),
        Route(
            "PUT", "/v1/accounts/ACCOUNT/password", "{\"new_password\":\"123456\"}",
            [
                Field("new_password", required: true, password + ["\"\"", "\"12345\""]),
                Field("old_password", password),
            ]),
        Route(
            "POST", "/v1/accounts/ACCOUNT/password/verify", "{\"password\":\"old password\"}",
            [
                Field("password", required: true, password)
            ]),
        Route(
            "PUT", "/v1/accounts/ACCOUNT/backup", "{\"version\":2,\"data\":\"AAAA\"}", isUpload: true,
            [
                Field("version", required: true, integer("0", "-1", "2147483648")),
                Field("data", required: true, base64),
            ]),
        Route(
            "POST", "/v1/accounts/ACCOUNT/devices", "{\"id\":\"FRESH\"}",
            [
                Field("id", text(128, "\"\"", "\"a b\"", "\"é\"", "\"a/b\"")),
                Field("name", text(128, "\"\"", "\"a\\nb\"")),
                Field("public_key", text(8192, "\"\"")),
            ]),
        Route(
            "PATCH", "/v1/accounts/ACCOUNT/devices/d", "{\"name\":\"n\"}",
            [
                Field("name", text(128, "\"\"", "\"a\\u0007\""))
            ]),
        Route("POST", "/v1/accounts/ACCOUNT/devices/d/revoke", "{}", [reason]),
        Route(
            "PATCH", "/v1/accounts/ACCOUNT/remotes-auth", "{\"insert\":[\"jwt\"]}",
            [
                Field(
                    "insert",
                    ["1", "\"key\"", "{}", "[1]", "[null]", "[\"\"]", "[\"KEY\"]", "[\"other\"]", "[[\"key\"]]"]),
                Field("delete", ["1", "\"key\"", "{}", "[1]", "[null]", "[\"x\"]"]),
            ]),
        Route(
            "POST", "/v1/accounts/ACCOUNT/keys", "{}",
            [
                Field("type", text(20, "\"\"", "\"RSA\"", "\"dsa\"")), Field("name", text(128, "\"\"", "\"a\\nb\"")),
            ]),
        Route(
            "POST", "/v1/identities", "{\"identifier\":\"FRESH@example.org\"}",
            [
                Field("identifier", required: true, text(254, "\"\"", "\"a\"", "\"a@\"", "\"a b@c.de\""))
            ]),
        Route(
            "PATCH", "/v1/identities/IDENTITY", "{\"mfa\":\"totp\"}",
            [
                Field("mfa", required: true, text(20, "\"\"", "\"TOTP\"", "\"sms\""))
            ]),
        Route(
            "POST", "/v1/identities/IDENTITY/link", "{\"account_id\":\"ACCOUNT\"}",
            [
                Field("account_id", required: true, notIDs)
            ]),
        Route(
            "POST", "/v1/identities/IDENTITY/unlink", "{\"account_id\":\"ACCOUNT\"}",
            [
                Field("account_id", required: true, notIDs)
            ]),
        Route(
            "POST", "/v1/tokens", "{\"identity_id\":\"IDENTITY\",\"acr\":1}",
            [
                Field("identity_id", notIDs), Field("acr", required: true, integer("-1", "5")),
                Field("ttl_seconds", integer("0", "-1", "2592001")),
            ]),
        Route(
            "POST", "/v1/tokens", "{\"name\":\"nobody\",\"password\":\"123456\"}",
            [
                Field("name", required: true, text(256)), Field("password", required: true, password),
            ]),
        Route(
            "POST", "/v1/tokens/revoke", "{\"access_token\":\"x\"}",
            [
                Field("access_token", required: true, text(1024, "\"\"", "\"x\"", "\"a.b:c\""))
            ]),
        Route(
            "POST", "/v1/spaces",
            "{\"name\":\"FRESH\",\"domain\":\"FRESH.example.org\",\"host\":\"FRESH.example.org\"}", space),
        Route("PATCH", "/v1/spaces/DOMAIN", "{\"max_accounts\":7}", space.map { Field($0.name, $0.wrong) }),
    ]

    /// Bodies that are broken as a whole, those beginning with 400 as JSON.
    static func brokenBodies(of body: [UInt8]) -> [(name: String, bytes: [UInt8])] {
        let text = String(decoding: body, as: UTF8.self)
        func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
        var all: [(String, [UInt8])] = [
            ("null", bytes("null")), ("array", bytes("[]")), ("string", bytes("\"x\"")), ("number", bytes("1")),
            ("400 white space", bytes("  \n")), ("400 text", bytes("hello")), ("400 cut", Array(body.dropLast())),
            ("400 trailing comma", bytes(text.dropLast() + ",}")), ("400 two values", body + body),
            ("400 byte-order mark", [0xEF, 0xBB, 0xBF] + body), ("400 NUL behind", body + [0]),
            ("400 invalid UTF-8", bytes("{\"x\":\"") + [0xFF, 0xC0] + bytes("\"}")),
            ("400 overlong UTF-8", bytes("{\"x\":\"") + [0xC0, 0x80] + bytes("\"}")),
            ("400 lone surrogate", bytes("{\"x\":\"\\ud800\"}")), ("400 single quotes", bytes("{'x':1}")),
            ("400 comment", bytes("/**/" + text)), ("400 doubled key", bytes("{\"x\":1,\"x\":1}")),
            ("400 doubled key, escaped", bytes("{\"x\":1,\"\\u0078\":1}")),
            ("400 deep", bytes(String(repeating: "[", count: 40) + String(repeating: "]", count: 40))),
            ("400 very deep", bytes(String(repeating: "{\"a\":", count: 100_000))), ("400 NaN", bytes("{\"x\":NaN}")),
            ("400 leading zero", bytes("{\"x\":01}")), ("400 plus", bytes("{\"x\":+1}")),
        ]
        if body.count > 2, let colon = text.firstIndex(of: ":") {
            let member = text.dropFirst().prefix(upTo: colon)
            all.append(("400 doubled member", bytes(text.dropLast() + ",\(member):1}")))
        }
        return all
    }

    /// Paths with an id in them, and a body that would do.
    static let pathsWithIDs: [(method: String, path: String, body: String?)] = [
        ("GET", "/v1/accounts/ID", nil), ("PATCH", "/v1/accounts/ID", "{\"profile\":{\"a\":\"b\"}}"),
        ("DELETE", "/v1/accounts/ID", nil), ("POST", "/v1/accounts/ID/block", nil),
        ("PUT", "/v1/accounts/ID/password", "{\"new_password\":\"123456\"}"),
        ("POST", "/v1/accounts/ID/password/verify", "{\"password\":\"123456\"}"),
        ("PUT", "/v1/accounts/ID/backup", "{\"version\":1,\"data\":\"AAAA\"}"), ("GET", "/v1/accounts/ID/backup", nil),
        ("GET", "/v1/accounts/ID/backup/versions", nil), ("GET", "/v1/accounts/ID/backup/versions/1", nil),
        ("POST", "/v1/accounts/ID/devices", "{}"), ("GET", "/v1/accounts/ID/devices", nil),
        ("POST", "/v1/accounts/ID/devices/d/revoke", nil), ("GET", "/v1/accounts/ID/remotes-auth", nil),
        ("PATCH", "/v1/accounts/ID/remotes-auth", "{\"insert\":[\"jwt\"]}"), ("POST", "/v1/accounts/ID/keys", "{}"),
        ("DELETE", "/v1/accounts/ID/keys/abcdef", nil), ("GET", "/v1/accounts/ID/events", nil),
        ("PUT", "/v1/accounts/ID/admins/11111111-1111-4111-8111-111111111112", nil),
        ("GET", "/v1/identities/ID", nil), ("PATCH", "/v1/identities/ID", "{\"mfa\":\"totp\"}"),
        ("DELETE", "/v1/identities/ID", nil), ("GET", "/v1/spaces/ID", nil), ("DELETE", "/v1/spaces/ID", nil),
        ("PATCH", "/v1/spaces/ID", "{\"max_accounts\":1}"), ("GET", "/v1/projections/ID", nil),
        ("GET", "/v1/rebuilds/ID", nil), ("DELETE", "/v1/rebuilds/ID", nil),
        ("POST", "/v1/projections/accounts/parked/ID/retry", nil),
    ]
}
