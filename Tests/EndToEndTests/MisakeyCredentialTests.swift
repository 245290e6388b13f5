import StrictJSON
import Testing

/// Who may come in, and against forged requests (docs/misakey.md).
@Suite struct MisakeyCredentialTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, _ headers: [(String, String)]
    ) throws -> Response {
        try root.with(nil).call(method, path, body, headers: headers)
    }

    @Test func `each way to present no credential has its own answer`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let token = try person.token(2)
        let cases: [([(String, String)], String, [String: String]?)] = [
            ([], "headers", ["Authorization": "required"]),
            ([("Cookie", "tokentype=bearer")], "headers", ["Authorization": "required"]),
            ([("Authorization", token)], "headers", ["Authorization": "malformed"]),
            ([("Authorization", "Basic \(token)")], "headers", ["Authorization": "malformed"]),
            ([("Authorization", "Bearer")], "headers", ["Authorization": "malformed"]),
            ([("Authorization", "Bearer a b")], "headers", ["Authorization": "malformed"]),
            ([("Authorization", "Bearer  \(token)")], "headers", ["Authorization": "malformed"]),
            ([("Authorization", "Bearer nonsense")], "headers", ["Authorization": "invalid"]),
            ([("Authorization", "Bearer \(token)x")], "headers", ["Authorization": "invalid"]),
            (
                [("Authorization", "Bearer \(token)"), ("Authorization", "Bearer \(token)")], "headers",
                ["Authorization": "malformed"]
            ),
            ([("Cookie", "accesstoken=\(token)")], "cookies", ["tokentype": "invalid"]),
            ([("Cookie", "accesstoken=\(token); tokentype=mac")], "cookies", ["tokentype": "invalid"]),
            ([("Cookie", "accesstoken=x; tokentype=bearer")], "cookies", ["accesstoken": "invalid"]),
            ([("Cookie", "accesstoken=; tokentype=bearer")], "cookies", ["accesstoken": "invalid"]),
            (
                [("Cookie", "accesstoken=\(token); accesstoken=\(token); tokentype=bearer")], "cookies",
                ["accesstoken": "invalid"]
            ),
            (
                [("Authorization", "Bearer \(token)"), ("Cookie", "accesstoken=\(token); tokentype=bearer")], "headers",
                nil
            ),
            ([("Authorization", "x"), ("Cookie", "accesstoken=\(token); tokentype=bearer")], "headers", nil),
        ]
        for (headers, origin, details) in cases {
            expectMisakey(
                try call("GET", person.backup, nil, headers), 401, "unauthorized", origin, details, "\(headers)")
        }
        let cookies = [("Cookie", "other=1; accesstoken=\(token); tokentype=bearer")]
        #expect(try call("GET", person.backup, nil, cookies).status == 200)
        _ = try root.call("POST", "/v1/tokens/revoke", ["access_token": .string(token)])
        expectMisakey(
            try call("GET", person.backup, nil, cookies), 401, "unauthorized", "cookies", ["accesstoken": "invalid"])
    }

    @Test func `a token ends with its time, and with its identity`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let short = try root.call(
            "POST", "/v1/tokens", ["identity_id": .string(person.identity), "acr": 2, "ttl_seconds": 1])
        let client = root.with(short["access_token"].stringValue)
        #expect(try eventually { try client.call("GET", person.backup).status == 401 })
        expectMisakey(
            try client.call("GET", person.backup), 401, "unauthorized", "headers", ["Authorization": "invalid"])
        let other = try MisakeyPerson(root)
        let gone = try other.client(1)
        #expect(try gone.call("GET", "/identities/\(other.identity)").status == 200)
        #expect(try root.call("DELETE", "/v1/identities/\(other.identity)").status == 204)
        let erased = try person.client()
        #expect(try root.call("DELETE", "/v1/accounts/\(person.account)").status == 204)
        for (client, path) in [
            (gone, "/identities/\(other.identity)"), (erased, person.backup), (erased, "/crypto/secret-storage"),
        ] {
            expectMisakey(
                try client.call("GET", path), 401, "unauthorized", "headers", ["Authorization": "invalid"], "\(path)")
        }
        expectMisakey(
            try root.with(nil).call("GET", person.parameters), 404, "not_found", "path", ["id": "not_found"])
    }

    @Test func `the strength of a token is fixed, and each route has its own`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let empty = JSONValue.object([:])
        let needs: [(String, String, JSONValue?, String)] = [
            ("GET", person.backup, nil, "2"), ("PUT", person.backup, empty, "2"), ("PUT", person.password, empty, "2"),
            ("PUT", "/accounts/\(person.account)/set-password", empty, "1"),
            ("GET", "/crypto/secret-storage", nil, "2"), ("POST", "/crypto/migration/v2", empty, "2"),
            ("POST", "/crypto/secret-storage/asym-keys", empty, "2"),
            ("DELETE", "/crypto/secret-storage/asym-keys", empty, "2"),
            ("PUT", "/crypto/secret-storage/box-key-shares/\(Storage.box)", empty, "2"),
            ("DELETE", "/crypto/secret-storage/box-key-shares", empty, "2"),
            ("GET", "/identities/\(person.identity)", nil, "1"),
            ("POST", "/identities/\(person.identity)/account", empty, "1"),
        ]
        for (method, path, body, required) in needs {
            let client = try person.client(required == "2" ? 1 : 0)
            expectMisakey(
                try client.call(method, path, body), 403, "forbidden", "acr",
                ["acr": "forbidden", "required_acr": required], "\(method) \(path)")
        }
        for acr in 2...4 { #expect(try person.client(acr).call("GET", person.backup).status == 200) }
    }

    @Test func `checks come in their order`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let (other, weak) = (try MisakeyPerson(root).token(2), try person.token(1))
        let bad: JSONValue = ["data": 7]
        let good: JSONValue = ["data": "YQ==", "version": 9]
        let cookie = ("Cookie", "accesstoken=nonsense; tokentype=bearer")
        #expect(try call("PUT", "/accounts/x/nothing", bad, []).status == 404, "1: the route")
        expectMisakey(
            try call("PUT", person.backup, bad, [cookie]), 403, "forbidden", "headers", ["csrf_token": "invalid"],
            "2: forgery before the token")
        expectMisakey(
            try call("PUT", "/accounts/x/backup", bad, [("Authorization", "Bearer nonsense")]), 401, "unauthorized",
            "headers", ["Authorization": "invalid"], "3: the token")
        #expect(
            try call("PUT", "/accounts/x/backup", bad, [("Authorization", "Bearer \(weak)")])["origin"] == "acr",
            "4: its strength")
        expectMisakey(
            try call("PUT", "/accounts/x/backup", bad, [("Authorization", "Bearer \(other)")]), 400, "bad_request",
            "path", ["account_id": "malformed"], "5: the path")
        expectMisakey(
            try call("PUT", person.backup, bad, [("Authorization", "Bearer \(other)")]), 400, "bad_request", "body",
            nil, "5: the body")
        expectMisakey(
            try call("PUT", person.backup, good, [("Authorization", "Bearer \(other)")]), 403, "forbidden", "path",
            ["account_id": "forbidden"], "6: the owner")
        #expect(try person.client().call("PUT", person.backup, good).status == 409, "7: the state")
    }

    // MARK: - Forged requests

    @Test func `a token against forged requests is handed out, and reused`() throws {
        let first = try call("GET", "/csrf", nil, [])
        let token = try #require(first["csrf_token"].stringValue)
        #expect(first.status == 200 && token.utf8.count == 32)
        #expect(first.json.objectValue?.count == 1)
        let cookie = try #require(first.header("Set-Cookie"))
        #expect(cookie == "_csrf=\(token); Path=/; HttpOnly; Secure; Max-Age=86400")
        #expect(try call("GET", "/csrf", nil, [("Cookie", "a=b; _csrf=\(token)")])["csrf_token"] == .string(token))
        #expect(try call("GET", "/csrf", nil, [])["csrf_token"] != .string(token))
        #expect(try call("HEAD", "/csrf", nil, []).body.isEmpty)
    }

    @Test func `changes by cookie need the token, changes by header do not`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let token = try person.token(2)
        let csrf = try #require(try call("GET", "/csrf", nil, [])["csrf_token"].stringValue)
        let body: JSONValue = ["data": "YQ==", "version": 2]
        let session = "accesstoken=\(token); tokentype=bearer"
        let version = try person.version()
        let refused: [[(String, String)]] = [
            [("Cookie", session)], [("Cookie", "\(session); _csrf=\(csrf)")],
            [("Cookie", session), ("X-CSRF-Token", csrf)],
            [("Cookie", "\(session); _csrf=\(csrf)"), ("X-CSRF-Token", "x\(csrf.dropFirst())")],
            [("Cookie", "\(session); _csrf="), ("X-CSRF-Token", "")],
            [("Cookie", "\(session); _csrf=\(csrf)"), ("X-CSRF-Token", csrf), ("X-CSRF-Token", csrf)],
        ]
        for headers in refused {
            expectMisakey(
                try call("PUT", person.backup, body, headers), 403, "forbidden", "headers", ["csrf_token": "invalid"])
        }
        #expect(try person.version() == version)
        let right = [("Cookie", "\(session); _csrf=\(csrf)"), ("X-CSRF-Token", csrf)]
        #expect(try call("PUT", person.backup, body, right).status == 204)
        #expect(try call("GET", person.backup, nil, right)["version"] == 2, "accepted where it is not asked for")
        #expect(try person.client().call("PUT", person.backup, ["data": "YQ==", "version": 3]).status == 204)
    }

    // MARK: - The prehashed password

    @Test func `the bounds of a prehashed password`() throws {
        var person = try MisakeyPerson(root)
        let long = String(repeating: "A", count: 256)
        let accepted: [JSONValue] = [
            Prehash.one(memory: 8), Prehash.one(memory: 4_194_304), Prehash.one(iterations: 65_535),
            Prehash.one(memory: 2_040, parallelism: 255), Prehash.one(salt: "c2FsdA=="), Prehash.one(salt: long),
            Prehash.one(Base64.encode([1, 2, 3, 4])), Prehash.one(Base64.encode([UInt8](repeating: 1, count: 512))),
            // The example of the vendor's documentation: French sentences in base64.
            Prehash.one(
                "Ym9uam91ciBmbG9yZW50IGNvbW1lbnQgdmFzLXR1IGVuIGNldHRlIGJlbGxlIGpvdXJuw6llID8h",
                salt: "Yydlc3QgdmFjaGVtZW50IHNhbMOpZSBjb21tZSBwaHJhc2UgZW5jb2TDqWUgZW4gYmFzZSA2NA=="),
        ]
        for password in accepted {
            person = try MisakeyPerson(root)
            #expect(try person.create(password: password).status == 201, "\(password)")
        }
        person = try MisakeyPerson(root)
        let refused: [(JSONValue, [String: String])] = [
            (.null, ["prehashed_password": "required"]), (7, ["prehashed_password": "malformed"]),
            (["hash_base_64": "6QtSvBGMUuJCNrOwxZLEzQ=="], ["params": "required"]),
            (["params": Prehash.parameters], ["hash_base_64": "required"]),
            (Prehash.one(memory: 0), ["memory": "required"]), (Prehash.one(memory: -1), ["memory": "invalid"]),
            (Prehash.one(memory: 7), ["memory": "invalid"]),
            (Prehash.one(memory: 15, parallelism: 2), ["memory": "invalid"]),
            (Prehash.one(memory: 1 << 32), ["memory": "invalid"]), (Prehash.one(memory: .max), ["memory": "invalid"]),
            (Prehash.one(memory: .min), ["memory": "invalid"]),
            (Prehash.one(iterations: 0), ["iterations": "required"]),
            (Prehash.one(iterations: -1), ["iterations": "invalid"]),
            (Prehash.one(iterations: 1 << 32), ["iterations": "invalid"]),
            (Prehash.one(parallelism: 0), ["parallelism": "required"]),
            (Prehash.one(parallelism: -1), ["parallelism": "invalid"]),
            (Prehash.one(parallelism: 1 << 24), ["parallelism": "invalid"]),
            (Prehash.one(salt: ""), ["salt_base_64": "required"]),
            (Prehash.one(salt: "YWI="), ["salt_base_64": "invalid"]),
            (Prehash.one(salt: long + "AAAA"), ["salt_base_64": "invalid"]),
            (Prehash.one(salt: "c2Fs$GRhc2"), ["salt_base_64": "malformed"]),
            (Prehash.one(salt: "c2FsdA-_"), ["salt_base_64": "malformed"]),
            (Prehash.one(salt: "c2FsdHNhbA"), ["salt_base_64": "malformed"]),
            (Prehash.one(salt: "c2Fsd\nA=="), ["salt_base_64": "malformed"]),
            (Prehash.one(salt: "éééééééé"), ["salt_base_64": "malformed"]),
            (Prehash.one(""), ["hash_base_64": "required"]), (Prehash.one("YWJj"), ["hash_base_64": "invalid"]),
            (Prehash.one(Base64.encode([UInt8](repeating: 1, count: 513))), ["hash_base_64": "invalid"]),
            (Prehash.one("not base64"), ["hash_base_64": "malformed"]),
            (
                [
                    "params": ["memory": "1024", "iterations": true, "parallelism": [1], "salt_base_64": 7],
                    "hash_base_64": 7,
                ],
                [
                    "memory": "malformed", "iterations": "malformed", "parallelism": "malformed",
                    "salt_base_64": "malformed", "hash_base_64": "malformed",
                ]
            ),
        ]
        for (password, details) in refused {
            expectMisakey(
                try person.create(password: password), 400, "bad_request", "body", details, "\(password)")
        }
        #expect(try person.identityVersion() == 1)
        for backup in ["", .null, 7, "-_=="] as [JSONValue] {
            #expect(try person.create(backup: backup).status == 400)
        }
    }

    @Test func `both spellings are taken, and contradictions are not`() throws {
        let hash: JSONValue = "6QtSvBGMUuJCNrOwxZLEzQ=="
        func password(_ salts: JSONObject, _ hashes: JSONObject) -> JSONValue {
            var parameters: JSONObject = ["memory": 1024, "iterations": 1, "parallelism": 1]
            for member in salts.members { parameters.set(member.key, to: member.value) }
            var object: JSONObject = ["params": .object(parameters)]
            for member in hashes.members { object.set(member.key, to: member.value) }
            return .object(object)
        }
        let salt: JSONValue = "ZmFrZVJhbmRvbVNhbHQ="
        for (salts, hashes) in [
            (["salt_base64": salt], ["hash_base64": hash]), (["salt_base_64": salt], ["hash_base64": hash]),
            (["salt_base64": salt, "salt_base_64": salt], ["hash_base64": hash, "hash_base_64": hash]),
        ] as [(JSONObject, JSONObject)] {
            let made = try MisakeyPerson(root).create(password: password(salts, hashes))
            #expect(made.status == 201, "\(made.text)")
            #expect(
                made["prehashed_password"]["params"]["salt_base64"] == salt, "one spelling goes out, whatever came in")
        }
        let person = try MisakeyPerson(root)
        expectMisakey(
            try person.create(
                password: password(["salt_base64": salt, "salt_base_64": "c2FsdA=="], ["hash_base64": hash])),
            400, "bad_request", "body", ["salt_base_64": "conflict"])
        expectMisakey(
            try person.create(
                password: password(["salt_base64": salt], ["hash_base64": hash, "hash_base_64": "c2FsdA=="])),
            400, "bad_request", "body", ["hash_base_64": "conflict"])
        expectMisakey(
            try person.create(password: password(["salt_base64": "$"], ["hash_base64": hash])), 400, "bad_request",
            "body", ["salt_base64": "malformed"], "named as the client spelled it")
    }
}
