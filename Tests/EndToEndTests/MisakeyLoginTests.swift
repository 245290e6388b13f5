import Foundation
import StrictJSON
import Testing

/// Identities and the steps of a log-in (docs/misakey.md).
@Suite struct MisakeyLoginTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private func find(_ address: String, reset: Bool = false, path: String = "/auth/identities") throws -> Response {
        try root.with(nil).call(
            "PUT", path, ["login_challenge": "x", "identifier_value": .string(address), "password_reset": .bool(reset)])
    }

    private func play(_ identity: JSONValue, _ method: JSONValue, _ metadata: JSONValue) throws -> Response {
        try root.with(nil).call(
            "POST", "/auth/login/authn-step",
            ["identity_id": identity, "authn_step": ["method_name": method, "metadata": metadata]])
    }

    @Test(arguments: ["/auth/identities", "/identities/authable"])
    func `an identity is made by the first log-in, and found by the next`(path: String) throws {
        let address = "\(Unique.name("First"))@Example.org"
        let made = try find(address, path: path)
        let id = made["authn_step"]["identity_id"]
        #expect(
            made.json == [
                "identity": [
                    "display_name": .string(address.lowercased().split(separator: "@").first.map(String.init) ?? ""),
                    "avatar_url": .null, "has_account": false,
                ], "authn_step": ["identity_id": id, "method_name": "emailed_code", "metadata": .null],
            ], "\(made.text)")
        #expect(try find(address.uppercased(), path: path).json == made.json)
        let events = try root.call("GET", "/v1/events?stream=\(id.stringValue ?? "")").items
        #expect(events.compactMap { $0["type"].stringValue } == ["identity.created.v1", "identity.code_issued.v1"])
        #expect(events.allSatisfy { $0["meta"].stringValue?.contains(#""door":"misakey""#) == true })
        let shown = try root.call("GET", "/v1/identities/\(id.stringValue ?? "")")
        #expect(shown["identifier"] == .string(address.lowercased()))
    }

    @Test func `many first log-ins of one address make one identity`() throws {
        let address = "\(Unique.name("many"))@example.org"
        let answers = atOnce(50) { _ in try find(address) }.compactMap { try? $0.get() }
        #expect(answers.count == 50 && answers.allSatisfy { $0.status == 200 })
        #expect(Set(answers.compactMap { $0["authn_step"]["identity_id"].stringValue }).count == 1)
    }

    @Test func `a password logs in`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let found = try find(person.address)
        #expect(found["identity"]["has_account"] == true)
        #expect(found["authn_step"]["method_name"] == "prehashed_password")
        #expect(found["authn_step"]["metadata"] == Prehash.parameters)
        #expect(try find(person.address, reset: true)["authn_step"]["method_name"] == "emailed_code")
        let id = JSONValue.string(person.identity)
        let wrong = try play(id, "prehashed_password", Prehash.other())
        expectMisakey(wrong, 403, "forbidden", "body", ["metadata": "invalid"])
        #expect(wrong.header("Set-Cookie") == nil)
        let right = try play(id, "prehashed_password", Prehash.one())
        #expect(right.status == 200 && right["acr"] == "2" && right["expires_in"] == 3600, "\(right.text)")
        let token = try #require(right["access_token"].stringValue)
        let cookies = right.headers.filter { $0.name == "set-cookie" }.map(\.value)
        #expect(
            cookies == [
                "accesstoken=\(token); Path=/; HttpOnly; Secure; Max-Age=3600; SameSite=Lax",
                "tokentype=bearer; Path=/; HttpOnly; Secure; Max-Age=3600; SameSite=Lax",
            ])
        #expect(try root.with(token).call("GET", person.backup)["version"] == 1)
        let nested = try root.with(nil).call(
            "POST", "/auth/login/authn-step",
            [
                "login_challenge": "x",
                "authn_step": ["identity_id": id, "method_name": "prehashed_password", "metadata": Prehash.one()],
            ])
        #expect(nested.status == 200, "the identity in the step")
        _ = try root.call("POST", "/v1/accounts/\(person.account)/block", JSONValue.object([:]))
        expectMisakey(
            try play(id, "prehashed_password", Prehash.one()), 403, "forbidden", "body", ["account_id": "locked"])
    }

    @Test func `five wrong codes end a code, and all that is wrong looks the same`() throws {
        let id = try find("\(Unique.name("five"))@example.org")["authn_step"]["identity_id"]
        let unknown: JSONValue = "3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa"
        for identity in [id, id, id, id, id, id, unknown] {
            expectMisakey(
                try play(identity, "emailed_code", ["code": "no code"]), 403, "forbidden", "body",
                ["metadata": "invalid"])
        }
        expectMisakey(
            try play(unknown, "prehashed_password", Prehash.one()), 403, "forbidden", "body", ["metadata": "invalid"])
        let types = try root.call("GET", "/v1/events?stream=\(id.stringValue ?? "")").items
            .compactMap { $0["type"].stringValue }
        #expect(types.filter { $0 == "identity.code_failed.v1" }.count == 5 && types.count == 7)
        _ = try find("x-\(Unique.name("five"))@example.org")
    }

    @Test func `bad requests are refused, make nothing and mail nothing`() throws {
        let head = try root.head()
        let bodies: [(JSONValue, [String: String])] = [
            ([:], ["identifier_value": "required"]), (["identifier_value": ""], ["identifier_value": "required"]),
            (["identifier_value": 7], ["identifier_value": "malformed"]),
            (["identifier_value": "nobody"], ["identifier_value": "malformed"]),
            (["identifier_value": "a@b.c\r\nBcc: d@e.f"], ["identifier_value": "malformed"]),
            (["identifier_value": "a@b.c", "password_reset": "yes"], ["password_reset": "malformed"]),
        ]
        for (body, details) in bodies {
            expectMisakey(
                try root.with(nil).call("PUT", "/auth/identities", body), 400, "bad_request", "body", details)
        }
        let id: JSONValue = "3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa"
        let steps: [(JSONValue, [String: String])] = [
            ([:], ["authn_step": "required"]),
            (["authn_step": [:]], ["identity_id": "required", "method_name": "required"]),
            (
                ["identity_id": "x", "authn_step": ["method_name": "emailed_code", "metadata": ["code": "1"]]],
                ["identity_id": "malformed"]
            ),
            (["identity_id": id, "authn_step": ["method_name": "totp"]], ["method_name": "invalid"]),
            (["identity_id": id, "authn_step": ["method_name": "emailed_code"]], ["metadata": "required"]),
            (
                ["identity_id": id, "authn_step": ["method_name": "emailed_code", "metadata": [:]]],
                ["code": "required"]
            ),
            (
                ["identity_id": id, "authn_step": ["method_name": "emailed_code", "metadata": ["code": 123456]]],
                ["code": "malformed"]
            ),
            (
                ["identity_id": id, "authn_step": ["method_name": "prehashed_password", "metadata": [:]]],
                ["params": "required", "hash_base_64": "required"]
            ),
        ]
        for (body, details) in steps {
            expectMisakey(
                try root.with(nil).call("POST", "/auth/login/authn-step", body), 400, "bad_request", "body", details)
        }
        for body in ["", "[]", "{", #"{"identifier_value":"a@b.c","identifier_value":"a@b.c"}"#] {
            for (method, path) in [("PUT", "/auth/identities"), ("POST", "/auth/login/authn-step")] {
                expectMisakey(
                    try root.with(nil).call(method, path, bytes: Array(body.utf8)), 400, "bad_request", "body", [:])
            }
        }
        #expect(try root.head() == head)
    }

    @Test func `an identity sees itself, and its account from the second strength on`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let path = "/identities/\(person.identity)"
        let weak = try person.client(1).call("GET", path)
        #expect(
            weak.json == [
                "id": .string(person.identity), "account_id": .null, "has_account": true,
                "identifier_value": .string(person.address), "identifier_kind": "email",
                "display_name": .string(String(person.address.prefix { $0 != "@" })), "notifications": "minimal",
                "avatar_url": .null, "color": .null, "level": 10, "mfa_method": "disabled", "pubkey": .null,
                "non_identified_pubkey": .null, "pubkey_aes_rsa": .null, "non_identified_pubkey_aes_rsa": .null,
                "has_totp_secret": false,
            ], "\(weak.text)")
        #expect(try person.client(2).call("GET", path)["account_id"] == .string(person.account))
        for other in [try MisakeyPerson(root).identity, "3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa"] {
            expectMisakey(
                try person.client().call("GET", "/identities/\(other)"), 403, "forbidden", "path",
                ["identity_id": "forbidden"])
        }
    }

    @Test func `a mailed code logs in, and lets an account be made and its password be reset`() throws {
        let service = try Service()
        let root = service.root
        let address = "\(Unique.name("coded"))@example.org"
        func find(reset: Bool = false) throws -> Response {
            try root.with(nil).call(
                "PUT", "/auth/identities", ["identifier_value": .string(address), "password_reset": .bool(reset)])
        }
        func logIn(_ id: JSONValue, _ code: String) throws -> Response {
            try root.with(nil).call(
                "POST", "/auth/login/authn-step",
                [
                    "identity_id": id,
                    "authn_step": ["method_name": "emailed_code", "metadata": ["code": .string(code)]],
                ])
        }
        let id = try find()["authn_step"]["identity_id"]
        _ = try find()
        #expect(eventually { service.codes(to: address).count == 1 }, "\(service.process.errors)")
        let code = try #require(service.codes(to: address).first)
        expectMisakey(
            try logIn(id, code == "000000" ? "000001" : "000000"), 403, "forbidden", "body", ["metadata": "invalid"])
        let first = try logIn(id, code)
        #expect(first.status == 200 && first["acr"] == "1", "\(first.text)")
        expectMisakey(try logIn(id, code), 403, "forbidden", "body", ["metadata": "invalid"], "used up")
        let token: String = try #require(first["access_token"].stringValue)
        let client = root.with(token)
        let made = try client.call(
            "POST", "/identities/\(id.stringValue ?? "")/account",
            ["prehashed_password": Prehash.one(), "backup_data": "YQ=="])
        #expect(made.status == 201, "\(made.text)")
        #expect(try find(reset: true)["authn_step"]["method_name"] == "emailed_code")
        #expect(eventually { service.codes(to: address).count == 2 })
        let second = try #require(service.codes(to: address).first { $0 != code })
        let again = root.with(try logIn(id, second)["access_token"].stringValue)
        let reset = try again.call(
            "PUT", "/accounts/\(made["id"].stringValue ?? "")/set-password",
            ["prehashed_password": Prehash.other(), "secret_storage": Storage.one()])
        #expect(reset.status == 204, "\(reset.text)")
    }

    @Test func `that an account is blocked is told to who knows the code, and to nobody else`() throws {
        let service = try Service()
        let root = service.root
        let person = try MisakeyPerson.withAccount(root)
        _ = try root.call(
            "PUT", "/auth/identities", ["identifier_value": .string(person.address), "password_reset": true])
        #expect(eventually { service.codes(to: person.address).count == 1 }, "\(service.process.errors)")
        let code = try #require(service.codes(to: person.address).first)
        func tryCode(_ code: String) throws -> Response {
            try root.with(nil).call(
                "POST", "/auth/login/authn-step",
                [
                    "identity_id": .string(person.identity),
                    "authn_step": ["method_name": "emailed_code", "metadata": ["code": .string(code)]],
                ])
        }
        let path = "/v1/accounts/\(person.account)"
        _ = try root.call("POST", "\(path)/block", JSONValue.object([:]))
        let before = try person.identityVersion()
        expectMisakey(
            try tryCode(code == "000000" ? "000001" : "000000"), 403, "forbidden", "body", ["metadata": "invalid"])
        #expect(try person.identityVersion() == before + 1, "it was counted")
        expectMisakey(try tryCode(code), 403, "forbidden", "body", ["account_id": "locked"])
        _ = try root.call("POST", "\(path)/unblock", JSONValue.object([:]))
        #expect(try tryCode(code).status == 200, "it was not used up")
    }

    @Test func `limits let fifty requests through and stop a flood`() throws {
        let service = try Service(["LEDGER_LIMITS": "on"])
        let person = try MisakeyPerson.withAccount(service.root)
        let id = JSONValue.string(person.identity)
        let client = try person.client()
        let wrong: JSONValue = [
            "old_prehashed_password": Prehash.other(), "new_prehashed_password": Prehash.one(),
            "encrypted_account_root_key": "YQ",
        ]
        let changes = atOnce(50) { _ in try client.call("PUT", person.password, wrong).status }
            .compactMap { try? $0.get() }
        #expect(changes.count == 50 && changes.allSatisfy { $0 == 403 })
        let body: JSONValue = [
            "identity_id": id, "authn_step": ["method_name": "emailed_code", "metadata": ["code": "x"]],
        ]
        func flood() -> [Response] {
            atOnce(100) { _ in
                try service.root.with(nil).call("POST", "/auth/login/authn-step", body)
            }.compactMap { try? $0.get() }
        }
        var steps = flood()
        #expect(steps.filter { $0.status == 403 }.count >= 50)
        // One more is let through each second, so a slow flood takes longer to be stopped.
        for _ in 0..<20 where steps.filter({ $0.status == 429 }).count < 20 { steps += flood() }
        let stopped = steps.filter { $0.status == 429 }
        #expect(stopped.count >= 20 && stopped.allSatisfy { $0.body.isEmpty && $0.header("Retry-After") != nil })
    }

    @Test func `fifty who ask at one moment for one address all get an answer, and one mail`() throws {
        let service = try Service(["LEDGER_LIMITS": "on", "LEDGER_TRUSTED_PROXIES": "127.0.0.1"])
        let person = try MisakeyPerson.withAccount(service.root)
        let strangers = "\(Unique.name("at-once"))@example.org"
        for (number, address) in [strangers, person.address].enumerated() {
            let answers = atOnce(50) { _ in
                try service.root.with(nil).call(
                    "PUT", "/auth/identities", ["identifier_value": .string(address), "password_reset": true],
                    headers: [("X-Forwarded-For", "192.0.2.\(number)")])
            }.compactMap { try? $0.get() }
            #expect(answers.count == 50 && answers.allSatisfy { $0.status == 200 }, "\(answers.map(\.status))")
            let id = answers.first?["authn_step"]["identity_id"].stringValue ?? ""
            let types = try service.root.call("GET", "/v1/events?stream=\(id)").items
                .compactMap { $0["type"].stringValue }
            #expect(types.filter { $0 == "identity.code_issued.v1" }.count == 1)
        }
    }

    @Test func `of very many guesses at one moment five are evaluated`() throws {
        let id = try find("\(Unique.name("guessed"))@example.org")["authn_step"]["identity_id"]
        let answers = atOnce(20) { worker in
            try (0..<20).map { try play(id, "emailed_code", ["code": .string("x\(worker)-\($0)")]) }
        }.flatMap { (try? $0.get()) ?? [] }
        #expect(answers.count == 400)
        for answer in answers { expectMisakey(answer, 403, "forbidden", "body", ["metadata": "invalid"]) }
        let types = try root.call("GET", "/v1/events?stream=\(id.stringValue ?? "")").items
            .compactMap { $0["type"].stringValue }
        #expect(types.filter { $0 == "identity.code_failed.v1" }.count == 5)
    }

    @Test func `parameters are made up for unknown accounts where that is configured`() throws {
        let service = try Service(["LEDGER_MISAKEY_DECOYS": "on"])
        let ids = ["3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa", "3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0ab"]
        let answers = try (ids + [ids[0].uppercased()]).map {
            try service.root.with(nil).call("GET", "/accounts/\($0)/pwd-params")
        }
        #expect(answers.allSatisfy { $0.status == 200 && $0["memory"] == 1024 && $0["iterations"] == 1 })
        #expect(answers.allSatisfy { Base64.decode($0["salt_base_64"].stringValue ?? "")?.count == 16 })
        #expect(answers[0].body == answers[2].body && answers[0].body != answers[1].body)
        let person = try MisakeyPerson.withAccount(service.root)
        #expect(try service.root.with(nil).call("GET", person.parameters).json == Prehash.parameters)
    }
}

extension Service {
    /// The codes in the mails to an address, of which `up` makes files.
    fileprivate func codes(to address: String) -> [String] {
        let folder = "\(home.path)/home/outbox"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".eml") }.compactMap { name in
            guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8), text.contains(address)
            else { return nil }
            return text.split(whereSeparator: \.isNewline)
                .map { $0.trimmingCharacters(in: .whitespaces) }
                .first { $0.count == 6 && $0.allSatisfy(\.isNumber) }
        }
    }
}
