import StrictJSON
import Testing

/// Creation, parameters, change and setting of passwords (docs/misakey.md).
@Suite struct MisakeyAccountTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `an identity makes its account once`() throws {
        var person = try MisakeyPerson(root)
        let made = try person.create()
        person.account = made["id"].stringValue ?? ""
        #expect(made.status == 201, "\(made.text)")
        #expect(
            made.json.objectValue.map { Array($0.keys) } == [
                "id", "prehashed_password", "backup_data", "backup_version",
            ])
        #expect(
            made["prehashed_password"] == [
                "params": ["memory": 1024, "parallelism": 1, "iterations": 1, "salt_base64": "ZmFrZVJhbmRvbVNhbHQ="]
            ])
        #expect(made["backup_data"] == "YmFja3Vw" && made["backup_version"] == 1)
        let versions = (try person.version(), try person.identityVersion())
        expectMisakey(try person.create(), 409, "conflict", "body", ["account_id": "conflict"])
        #expect(try person.version() == versions.0 && person.identityVersion() == versions.1)
        #expect(try root.call("GET", "/v1/identities/\(person.identity)")["account_id"] == made["id"])
        let weak = try person.client(1)
        expectMisakey(
            try weak.call("GET", person.backup), 403, "forbidden", "acr", ["acr": "forbidden", "required_acr": "2"])
    }

    @Test func `the account and its history show through the native API, with the door's name`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let shown = try root.call("GET", "/v1/accounts/\(person.account)")
        #expect(shown["system"] == "misakey" && shown["activated"] == true && shown["has_password"] == true)
        #expect(shown["backup"]["version"] == 1 && shown["backup"]["length"] == 6)
        let events = try root.call("GET", "/v1/accounts/\(person.account)/events").items
        #expect(
            events.compactMap { $0["type"].stringValue } == [
                "account.created.v1", "password.set.v1", "backup.replaced.v1", "account.identity_linked.v1",
            ])
        for event in events { #expect(event["meta"].stringValue?.contains(#""door":"misakey""#) == true) }
        let told = try root.call("GET", "/v1/events?stream=\(person.identity)").items
        #expect(
            told.compactMap { $0["type"].stringValue } == [
                "identity.created.v1", "identity.linked.v1", "identity.notified.v1",
            ])
        #expect(told.last?["data"] == ["notification": "user.create_account"])
        #expect(try root.call("GET", "/v1/accounts/\(person.account)/backup")["data"] == "YmFja3Vw")
        let changed = try root.call(
            "PUT", "/v1/accounts/\(person.account)/password", ["new_password": "secret enough"])
        expectProblem(changed, 409, "conflict")
        #expect(changed["detail"].stringValue?.contains("misakey") == true)
        let weak = try person.client(1)
        expectProblem(try weak.call("GET", "/v1/accounts/\(person.account)"), 404, "not-found")
        expectProblem(try weak.call("GET", "/v1/accounts/\(person.account)/backup"), 404, "not-found")
        #expect(try person.client().call("GET", "/v1/me")["id"] == .string(person.account))
    }

    @Test func `only the identity itself makes its account`() throws {
        let (one, two) = (try MisakeyPerson(root), try MisakeyPerson(root))
        let body: JSONValue = ["prehashed_password": Prehash.one(), "backup_data": "YQ=="]
        let client = try one.client(1)
        for id in [two.identity, "3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa"] {
            expectMisakey(
                try client.call("POST", "/identities/\(id)/account", body), 403, "forbidden", "path",
                ["identity_id": "forbidden"])
        }
        expectMisakey(
            try client.call("POST", "/identities/no-uuid/account", body), 400, "bad_request", "path",
            ["identity_id": "malformed"])
        expectMisakey(
            try one.client(0).call("POST", "/identities/\(one.identity)/account", body), 403, "forbidden", "acr",
            ["acr": "forbidden", "required_acr": "1"])
        #expect(
            try client.call("POST", "/identities/\(one.identity.uppercased())/account", body).status == 201,
            "either case in paths")
    }

    @Test func `one of many creations on one identity wins`() throws {
        let person = try MisakeyPerson(root)
        let responses = atOnce(24) { _ in try person.create() }.compactMap { try? $0.get() }
        #expect(responses.filter { $0.status == 201 }.count == 1 && responses.count == 24)
        for response in responses where response.status != 201 {
            expectMisakey(response, 409, "conflict", "body", ["account_id": "conflict"])
        }
        #expect(try person.identityVersion() == 3)
    }

    // MARK: - Parameters

    @Test func `parameters are public, exact, and the salt's spelling is kept`() throws {
        // The last digit before the padding has bits that mean nothing: decoding would lose them.
        let salt = "ZmFrZVJhbmRvbVNhbHR="
        let person = try MisakeyPerson.withAccount(root, password: Prehash.one(salt: salt))
        for client in [root.with(nil), root.with("nonsense")] {
            let shown = try client.call("GET", person.parameters)
            #expect(shown.status == 200)
            #expect(
                shown.json == [
                    "memory": 1024, "parallelism": 1, "iterations": 1, "salt_base_64": .string(salt),
                ], "\(shown.text)")
        }
        #expect(try root.with(nil).call("GET", "/accounts/\(person.account.uppercased())/pwd-params").status == 200)
    }

    @Test func `an unknown account and one without a password of this kind answer the same bytes`() throws {
        let native = try root.account()
        let person = try MisakeyPerson(root)
        let ids = [native.id, person.identity, "3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa"]
        let answers = try ids.map { try root.with(nil).call("GET", "/accounts/\($0)/pwd-params") }
        for answer in answers {
            expectMisakey(answer, 404, "not_found", "path", ["id": "not_found"])
            #expect(answer.body == answers[0].body)
            #expect(answer.text == #"{"code":"not_found","origin":"path","desc":"","details":{"id":"not_found"}}"#)
        }
        for id in ["x", "3f0c2ad1-6a49-1d86-9d9b-1f64d9d7f0aa", "3f0c2ad1-6a49-4d86-1d9b-1f64d9d7f0aa"] {
            expectMisakey(
                try root.with(nil).call("GET", "/accounts/\(id)/pwd-params"), 400, "bad_request", "path",
                ["account_id": "malformed"])
        }
    }

    // MARK: - Changes

    private func change(
        _ person: MisakeyPerson, from old: JSONValue = Prehash.one(), to new: JSONValue = Prehash.other(),
        _ more: JSONObject = ["encrypted_account_root_key": "cm9vdA"], path: String? = nil
    ) throws -> Response {
        var body: JSONObject = ["old_prehashed_password": old, "new_prehashed_password": new]
        for member in more.members { body.set(member.key, to: member.value) }
        return try person.client().call("PUT", path ?? person.password, .object(body))
    }

    @Test func `a change of password shows at once, with its root key and its backup`() throws {
        let person = try MisakeyPerson.withAccount(root)
        expectMisakey(
            try change(person, from: Prehash.other(7)), 403, "forbidden", "body", ["old_password": "invalid"])
        #expect(try change(person).status == 204)
        let shown = try root.with(nil).call("GET", person.parameters)
        #expect(shown["memory"] == 2048 && shown["salt_base_64"] == "c2FsdHktc2FsdC1zYWx0")
        #expect(try person.client().call("GET", person.backup)["version"] == 1, "the backup is untouched")
        let older: JSONObject = ["backup_data": "bmV1", "backup_version": 2]
        expectMisakey(
            try change(person, older), 403, "forbidden", "body", ["old_password": "invalid"], "the old password is old")
        #expect(try change(person, from: Prehash.other(), to: Prehash.one(), older).status == 204)
        #expect(try person.client().call("GET", person.backup).json == ["data": "bmV1", "version": 2])
        expectMisakey(
            try change(person, older), 409, "conflict", "body", ["version": "conflict", "expected_version": "3"])
        expectMisakey(
            try change(person, from: Prehash.other(9), older), 403, "forbidden", "body", ["old_password": "invalid"],
            "the password is looked at before the version")
        #expect(
            try change(person, ["encrypted_account_root_key": "cm9vdA=="], path: "/account/\(person.account)/password")
                .status == 204, "the vendor's misprint, and correct padding")
    }

    @Test func `the same password again gets another verifier`() throws {
        let person = try MisakeyPerson.withAccount(root)
        #expect(try change(person, to: Prehash.one()).status == 204)
        #expect(try change(person, to: Prehash.one()).status == 204)
        let types = try root.call("GET", "/v1/accounts/\(person.account)/events").items
            .compactMap { $0["type"].stringValue }
        #expect(
            types.suffix(4) == [
                "password.changed.v1", "root_key.changed.v1", "password.changed.v1", "root_key.changed.v1",
            ])
    }

    @Test func `what a change must bring is asked for`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let version = try person.version()
        let cases: [(JSONObject, [String: String])] = [
            ([:], ["encrypted_account_root_key": "required"]),
            (["encrypted_account_root_key": ""], ["encrypted_account_root_key": "required"]),
            (["encrypted_account_root_key": .null], ["encrypted_account_root_key": "required"]),
            (["encrypted_account_root_key": "a+b"], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": "a/b"], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": "a b"], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": "a\n"], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": "é"], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": "ab="], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": "abcd===="], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": "=="], ["encrypted_account_root_key": "malformed"]),
            (["encrypted_account_root_key": 7], ["encrypted_account_root_key": "malformed"]),
            (
                ["encrypted_account_root_key": .string(String(repeating: "a", count: 1024))],
                ["encrypted_account_root_key": "invalid"]
            ),
            (["backup_data": "YQ=="], ["backup_version": "required"]),
            (["backup_version": 2], ["backup_data": "required"]),
            (["backup_data": "-_", "backup_version": 2], ["backup_data": "malformed"]),
            (["backup_data": "YQ==", "backup_version": "2"], ["backup_version": "malformed"]),
        ]
        for (members, details) in cases {
            expectMisakey(try change(person, members), 400, "bad_request", "body", details)
        }
        let none = try person.client().call("PUT", person.password, ["encrypted_account_root_key": "YQ"])
        expectMisakey(
            none, 400, "bad_request", "body",
            ["old_prehashed_password": "required", "new_prehashed_password": "required"])
        #expect(try person.version() == version)
    }

    @Test func `of parallel changes one finds the old password right`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        let responses = atOnce(24) { number in
            try client.call(
                "PUT", person.password,
                [
                    "old_prehashed_password": Prehash.one(), "new_prehashed_password": Prehash.other(number),
                    "encrypted_account_root_key": "cm9vdA",
                ])
        }.compactMap { try? $0.get() }
        #expect(responses.filter { $0.status == 204 }.count == 1 && responses.count == 24)
        for response in responses where response.status != 204 {
            expectMisakey(response, 403, "forbidden", "body", ["old_password": "invalid"])
        }
    }

    // MARK: - Setting

    @Test(arguments: ["PUT", "POST"])
    func `a password is set without the old one, with a new secret storage`(method: String) throws {
        let person = try MisakeyPerson.withAccount(root)
        let weak = try person.client(1)
        let body: JSONValue = ["prehashed_password": Prehash.other(), "secret_storage": Storage.one()]
        let path = "/accounts/\(person.account)/set-password"
        #expect(try weak.call(method, path, body).status == 204)
        #expect(try root.with(nil).call("GET", person.parameters)["memory"] == 2048)
        let client = try person.client()
        #expect(try client.call("GET", person.backup).json == ["data": "YmFja3Vw", "version": 1])
        expectMisakey(
            try client.call("PUT", person.backup, ["data": "YQ==", "version": 2]), 409, "conflict", "body",
            ["data": "locked"])
        expectMisakey(
            try client.call("PUT", person.backup, ["data": "YQ==", "version": 9]), 409, "conflict", "body",
            ["data": "locked"], "a lock comes before a version")
        expectMisakey(
            try change(person, from: Prehash.other(3), ["backup_data": "YQ==", "backup_version": 2]), 409, "conflict",
            "body", ["backup_data": "locked"], "a lock comes before the old password")
        let told = try root.call("GET", "/v1/events?stream=\(person.identity)").items
        #expect(told.last?["data"] == ["notification": "user.reset_password"])
        let identity = try weak.call("GET", "/identities/\(person.identity)")
        #expect(identity["pubkey"] == "cHVia2V5" && identity["non_identified_pubkey"] == "bm9u")
        #expect(identity["pubkey_aes_rsa"] == "com.misakey.aes-rsa-enc:cHVia2V5")
        #expect(try weak.call(method, path, body).status == 409, "the root key is used")
        let again: JSONValue = ["prehashed_password": Prehash.one(), "secret_storage": Storage.one()]
        #expect(try client.call("POST", "/crypto/secret-storage/asym-keys", Self.further(body)).status == 200)
        #expect(try client.call("GET", "/crypto/secret-storage")["asym_keys"].objectValue?.count == 2)
        #expect(try weak.call(method, path, again).status == 204)
        let storage = try client.call("GET", "/crypto/secret-storage")
        #expect(storage["account_root_key"] == again["secret_storage"]["account_root_key"])
        #expect(storage["asym_keys"] == again["secret_storage"]["asym_keys"], "the former ones are gone")
    }

    /// A further pair of keys under the root key that was set.
    private static func further(_ body: JSONValue) -> JSONValue {
        [
            "public_key": "ZnVydGhlcg", "encrypted_secret_key": "cw",
            "account_root_key_hash": body["secret_storage"]["account_root_key"]["key_hash"],
        ]
    }

    @Test func `a root key's hash is of one account alone, and free again once it is replaced`() throws {
        let (one, two) = (try MisakeyPerson.withAccount(root), try MisakeyPerson.withAccount(root))
        let hash = Unique.name("hash")
        func set(_ person: MisakeyPerson, _ hash: String) throws -> Response {
            try person.client(1).call(
                "PUT", "/accounts/\(person.account)/set-password",
                ["prehashed_password": Prehash.one(), "secret_storage": Storage.one(hash)])
        }
        #expect(try set(one, hash).status == 204)
        let version = try two.version()
        expectMisakey(try set(two, hash), 409, "conflict", "body", ["key_hash": "conflict"])
        #expect(try two.version() == version)
        #expect(try set(one, Unique.name("hash")).status == 204)
        #expect(try set(two, hash).status == 204)
        #expect(try root.call("DELETE", "/v1/accounts/\(two.account)").status == 204)
        #expect(try set(one, hash).status == 204, "an erased account gives it up")
    }

    @Test func `a second factor asks for a stronger log-in`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let body: JSONValue = ["prehashed_password": Prehash.one(), "secret_storage": Storage.one()]
        let path = "/accounts/\(person.account)/set-password"
        for (method, required) in [("totp", 2), ("webauthn", 3)] as [(String, Int)] {
            _ = try root.call("PATCH", "/v1/identities/\(person.identity)", ["mfa": .string(method)])
            expectMisakey(
                try person.client(required - 1).call("PUT", path, body), 403, "forbidden", "acr",
                ["acr": "forbidden", "required_acr": "\(required)"])
        }
        #expect(try person.client(3).call("PUT", path, body).status == 204)
        #expect(try person.client(1).call("GET", "/identities/\(person.identity)")["mfa_method"] == "webauthn")
    }

    @Test func `a blocked account does nothing here`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        _ = try root.call("POST", "/v1/accounts/\(person.account)/block", JSONValue.object([:]))
        expectMisakey(try client.call("GET", person.backup), 403, "forbidden", "headers", ["account_id": "locked"])
        #expect(try client.call("PUT", person.backup, ["data": "YQ==", "version": 2]).status == 403)
        #expect(try root.with(nil).call("GET", person.parameters).status == 200)
    }
}
