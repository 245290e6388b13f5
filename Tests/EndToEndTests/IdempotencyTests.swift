import StrictJSON
import Testing

@Suite struct IdempotencyTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    /// A command with everything it needs in place, and another body for the same path.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var isCreation = false
        let prepare: @Sendable (Client, Person) throws -> (method: String, path: String, body: JSONValue?)
        var other: JSONValue?

        init(
            _ name: String, isCreation: Bool = false, other: JSONValue? = nil,
            _ prepare: @escaping @Sendable (Client, Person) throws -> (method: String, path: String, body: JSONValue?)
        ) {
            testDescription = name
            self.isCreation = isCreation
            self.other = other
            self.prepare = prepare
        }
    }

    private static func identity(_ root: Client) throws -> String {
        let body: JSONValue = ["identifier": .string("\(Unique.name())@example.org")]
        return try root.call("POST", "/v1/identities", body)["id"].stringValue ?? ""
    }

    private static func space(_ root: Client) throws -> String {
        let domain = JSONValue.string(Unique.domain())
        _ = try root.call("POST", "/v1/spaces", ["name": domain, "domain": domain, "host": domain])
        return "/v1/spaces/\(domain.stringValue ?? "")"
    }

    static let cases: [Case] = [
        Case("create an account", isCreation: true, other: ["activated": true]) { _, _ in
            (
                "POST", "/v1/accounts",
                ["name": .string(Unique.name()), "emails": ["a@example.org"], "password": "123456"]
            )
        },
        Case("patch", other: ["profile": ["other": "1"]]) { _, person in
            ("PATCH", person.path, ["profile": ["a": "b"], "emails": ["x@example.org"]])
        },
        Case("activate", other: ["reason": "other"]) { _, person in
            ("POST", "\(person.path)/activate", ["reason": "a"])
        },
        Case("block", other: ["reason": "other"]) { _, person in ("POST", "\(person.path)/block", nil) },
        Case("password", other: ["new_password": "654321"]) { _, person in
            ("PUT", "\(person.path)/password", ["new_password": "123456"])
        },
        Case("backup", other: ["version": 1, "data": "BBBB"]) { _, person in
            ("PUT", "\(person.path)/backup", ["version": 1, "data": "AAAA"])
        },
        Case("add a device", other: ["id": "other"]) { _, person in
            ("POST", "\(person.path)/devices", ["name": "drawn id"])
        },
        Case("rename a device", other: ["name": "other"]) { root, person in
            _ = try root.call("POST", "\(person.path)/devices", ["id": "d"])
            return ("PATCH", "\(person.path)/devices/d", ["name": "new"])
        },
        Case("revoke a device", other: ["reason": "other"]) { root, person in
            _ = try root.call("POST", "\(person.path)/devices", ["id": "d"])
            return ("POST", "\(person.path)/devices/d/revoke", ["reason": "lost"])
        },
        Case("remotes-auth", other: ["insert": ["anon"]]) { _, person in
            ("PATCH", "\(person.path)/remotes-auth", ["insert": ["jwt"]])
        },
        Case("issue a key", other: ["name": "other"]) { _, person in
            ("POST", "\(person.path)/keys", ["name": "k"])
        },
        Case("issue an RSA key", other: ["type": "key"]) { _, person in
            ("POST", "\(person.path)/keys", ["type": "rsa"])
        },
        Case("revoke a key") { root, person in
            let id = try root.call("POST", "\(person.path)/keys", JSONValue.object([:]))["id"].stringValue ?? ""
            return ("DELETE", "\(person.path)/keys/\(id)", nil)
        },
        Case("appoint an administrator") { root, person in
            ("PUT", "\(person.path)/admins/\(try root.account().id)", nil)
        },
        Case("create an identity", isCreation: true, other: ["identifier": "other@example.org"]) { _, _ in
            ("POST", "/v1/identities", ["identifier": .string("\(Unique.name())@example.org")])
        },
        Case("choose a second factor", other: ["mfa": "webauthn"]) { root, _ in
            ("PATCH", "/v1/identities/\(try identity(root))", ["mfa": "totp"])
        },
        Case("link", other: ["account_id": "11111111-1111-4111-8111-111111111111"]) { root, person in
            ("POST", "/v1/identities/\(try identity(root))/link", ["account_id": .string(person.id)])
        },
        Case(
            "create a Space", isCreation: true,
            other: ["name": "o", "domain": "o.example.org", "host": "o.example.org"]
        ) {
            _, _ in
            let domain = JSONValue.string(Unique.domain())
            return ("POST", "/v1/spaces", ["name": domain, "domain": domain, "host": domain])
        },
        Case("patch a Space", other: ["max_accounts": 8]) { root, _ in
            ("PATCH", try space(root), ["max_accounts": 7])
        },
        Case("close a Space") { root, _ in ("DELETE", try space(root), nil) },
    ]

    @Test(arguments: cases)
    func `a repeat answers as the first time, and another body is refused`(_ it: Case) throws {
        let person = try root.account()
        let (method, path, body) = try it.prepare(root, person)
        let headers = [("Idempotency-Key", Unique.name("key"))]
        let first = try root.call(method, path, body, headers: headers)
        #expect((200..<300).contains(first.status), "\(first.text)")
        #expect(first.header("Idempotency-Replayed") == nil && first.position != nil)
        if !it.isCreation { _ = try root.call("PATCH", person.path, ["profile": ["meanwhile": "1"]]) }
        for _ in 0..<2 {
            let again = try root.call(method, path, body, headers: headers)
            #expect(again.status == first.status && again.header("Idempotency-Replayed") == "true", "\(again.text)")
            for name in ["ETag", "Ledger-Position", "Location"] {
                #expect(again.header(name) == first.header(name), "\(name)")
            }
            #expect(withoutSecrets(again.json) == withoutSecrets(first.json))
        }
        if let other = it.other {
            expectProblem(try root.call(method, path, other, headers: headers), 422, "idempotency-key-reused")
        }
    }

    /// What is shown once is null in a repeat.
    private func withoutSecrets(_ json: JSONValue) -> JSONValue {
        guard var object = json.objectValue else { return json }
        if object["key"] != nil { object.set("key", to: .null) }
        if case .object(var pair)? = object["rsa"] {
            pair.set("private", to: .null)
            object.set("rsa", to: .object(pair))
        }
        return .object(object)
    }

    @Test func `a repeated key answers null for its secret`() throws {
        let person = try root.account()
        let headers = [("Idempotency-Key", "once")]
        let first = try root.call("POST", "\(person.path)/keys", JSONValue.object([:]), headers: headers)
        let again = try root.call("POST", "\(person.path)/keys", JSONValue.object([:]), headers: headers)
        #expect(first["key"].stringValue != nil && again["key"] == .null && again["id"] == first["id"])
        #expect(again.json.objectValue?["key"] != nil, "null, not missing")
    }

    @Test func `erasure answers that the account is gone when it is repeated`() throws {
        let person = try root.account()
        let headers = [("Idempotency-Key", "bye")]
        #expect(try root.call("DELETE", person.path, headers: headers).status == 204)
        expectProblem(try root.call("DELETE", person.path, headers: headers), 410, "account-erased")
    }

    @Test func `the same request many times at once happens once`() throws {
        let (root, headers) = (root, [("Idempotency-Key", Unique.name("at-once"))])
        let body: JSONValue = ["name": .string(Unique.name()), "password": "123456"]
        let before = try root.head()
        let answers = atOnce(16) { _ in try root.call("POST", "/v1/accounts", body, headers: headers) }
            .compactMap { try? $0.get() }
        #expect(answers.count == 16 && answers.allSatisfy { $0.status == 201 })
        #expect(Set(answers.map(\.text)).count == 1 && Set(answers.map { $0.header("ETag") }).count == 1)
        #expect(answers.filter { $0.header("Idempotency-Replayed") == nil }.count == 1)
        let id = answers.first?["id"].stringValue ?? ""
        #expect(try root.all("/v1/events?stream=\(id)&after=\(before)", limit: 100).count == 2)
    }

    @Test func `a refusal is decided again`() throws {
        let person = try root.account()
        let headers = [("Idempotency-Key", "later")]
        let body: JSONValue = ["version": 2, "data": "AAAA"]
        expectProblem(try root.call("PUT", "\(person.path)/backup", body, headers: headers), 409, "version-conflict")
        _ = try root.call("PUT", "\(person.path)/backup", ["version": 1, "data": "AAAA"])
        #expect(try root.call("PUT", "\(person.path)/backup", body, headers: headers).status == 200)
    }

    @Test func `another path and another caller are other commands`() throws {
        let (one, two) = (try root.account(), try root.account())
        let headers = [("Idempotency-Key", "shared")]
        let body: JSONValue = ["profile": ["a": "b"]]
        for person in [one, two] {
            let response = try root.call("PATCH", person.path, body, headers: headers)
            #expect(response.status == 200 && response.header("Idempotency-Replayed") == nil)
        }
        let own = try one.client().call("PATCH", one.path, ["profile": ["a": "c"]], headers: headers)
        #expect(own.status == 200 && own.header("Idempotency-Replayed") == nil)
    }

    @Test(arguments: ["", String(repeating: "k", count: 256), "käse", "a\tb"])
    func `a key that is none is refused`(_ key: String) throws {
        let person = try root.account()
        let response = try root.call("POST", "\(person.path)/block", headers: [("Idempotency-Key", key)])
        expectProblem(response, 400, "malformed-request")
        #expect(try person.version() == 1)
    }

    @Test func `a repeat by a credential that was revoked meanwhile is refused`() throws {
        let person = try root.account()
        let client = try person.keyClient()
        let headers = [("Idempotency-Key", "mine")]
        #expect(try client.call("PATCH", person.path, ["profile": ["a": "b"]], headers: headers).status == 200)
        let id = try root.call("GET", "\(person.path)/keys").items[0]["id"].stringValue ?? ""
        #expect(try root.call("DELETE", "\(person.path)/keys/\(id)").status == 204)
        expectProblem(
            try client.call("PATCH", person.path, ["profile": ["a": "b"]], headers: headers), 401, "unauthorized")
    }
}
