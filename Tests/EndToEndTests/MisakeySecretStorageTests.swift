import StrictJSON
import Testing

/// The secret storage and what changes in it (docs/misakey.md).
@Suite struct MisakeySecretStorageTests {
    let root: Client
    private static let path = "/crypto/secret-storage"

    init() throws { root = try Service.shared().root }

    private func migrated(_ hash: String, shares: JSONValue? = nil) throws -> MisakeyPerson {
        let person = try MisakeyPerson.withAccount(root)
        let response = try person.client().call("POST", "/crypto/migration/v2", Storage.one(hash, shares: shares))
        guard response.status == 204 else { throw TestFailure("not migrated: \(response.text)") }
        return person
    }

    @Test func `an account moves from its backup to a secret storage once`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        #expect(try client.call("GET", Self.path).status == 409, "the sign to migrate")
        expectMisakey(try client.call("GET", Self.path), 409, "conflict", "body")
        let without = Storage.one(keys: false)
        expectMisakey(
            try client.call("POST", "/crypto/migration/v2", without), 400, "bad_request", "body",
            ["pubkey": "required", "non_identified_pubkey": "required"])
        let hash = Unique.name("hash")
        #expect(try client.call("POST", "/crypto/migration/v2", Storage.one(hash)).status == 204)
        let shown = try client.call("GET", Self.path)
        #expect(
            shown.json == [
                "account_root_key": ["key_hash": .string(hash), "encrypted_key": "cm9vdA"],
                "vault_key": ["key_hash": "dmF1bHQ", "encrypted_key": "dmF1bHRr"],
                "asym_keys": ["cHVibGlj": ["encrypted_secret_key": "c2VjcmV0"]], "box_key_shares": [:],
            ], "\(shown.text)")
        expectMisakey(
            try client.call("POST", "/crypto/migration/v2", Storage.one()), 400, "bad_request", "body",
            ["pubkey": "conflict", "non_identified_pubkey": "conflict"], "the identity has keys")
        expectMisakey(try client.call("POST", "/crypto/migration/v2", without), 409, "conflict", "body")
        expectMisakey(
            try client.call("PUT", person.backup, ["data": "YQ==", "version": 2]), 409, "conflict", "body",
            ["data": "locked"])
        #expect(try client.call("GET", person.backup).json == ["data": "YmFja3Vw", "version": 1])
        let changed: JSONValue = [
            "old_prehashed_password": Prehash.one(), "new_prehashed_password": Prehash.other(),
            "encrypted_account_root_key": "bmV1",
        ]
        #expect(try client.call("PUT", person.password, changed).status == 204)
        #expect(
            try client.call("GET", Self.path)["account_root_key"] == [
                "key_hash": .string(hash), "encrypted_key": "bmV1",
            ],
            "the hash is kept")
    }

    @Test func `an identity without an account has no storage`() throws {
        let person = try MisakeyPerson(root)
        expectMisakey(
            try person.client().call("GET", Self.path), 403, "forbidden", "headers", ["account_id": "forbidden"])
    }

    @Test func `an account of another system keeps its password and its backup, and shares the backup`() throws {
        let native = try root.account(["password": "a native one", "backup": ["data": "YQ=="]])
        var person = try MisakeyPerson(root)
        person.account = native.id
        let link: JSONValue = ["account_id": .string(native.id)]
        #expect(try root.call("POST", "/v1/identities/\(person.identity)/link", link).status == 200)
        let client = try person.client()
        #expect(try client.call("GET", person.backup).json == ["data": "YQ==", "version": 1])
        #expect(try client.call("PUT", person.backup, ["data": "Yg==", "version": 2]).status == 204)
        let version = try native.version()
        let body: JSONValue = ["prehashed_password": Prehash.one(), "secret_storage": Storage.one()]
        for (method, path, body) in [
            ("PUT", "/accounts/\(native.id)/set-password", body), ("POST", "/crypto/migration/v2", Storage.one()),
        ] {
            expectMisakey(try client.call(method, path, body), 409, "conflict", "body", ["account_id": "conflict"])
        }
        let change: JSONValue = [
            "old_prehashed_password": Prehash.one(), "new_prehashed_password": Prehash.other(),
            "encrypted_account_root_key": "cm9vdA",
        ]
        expectMisakey(
            try client.call("PUT", person.password, change), 403, "forbidden", "body", ["old_password": "invalid"])
        expectMisakey(
            try root.with(nil).call("GET", person.parameters), 404, "not_found", "path", ["id": "not_found"])
        expectMisakey(try client.call("GET", Self.path), 409, "conflict", "body")
        #expect(try native.version() == version)
        let next: JSONValue = ["version": 3, "data": "Yw=="]
        #expect(try root.call("PUT", "\(native.path)/backup", next).status == 200)
    }

    @Test func `keys are added and removed under the current root key`() throws {
        let hash = Unique.name("hash")
        let person = try migrated(hash)
        let client = try person.client()
        let key = "com.misakey.aes-rsa-enc:bmV3"
        func add(_ hash: String) throws -> Response {
            try client.call(
                "POST", "\(Self.path)/asym-keys",
                ["public_key": .string(key), "encrypted_secret_key": "cw", "account_root_key_hash": .string(hash)])
        }
        expectMisakey(try add("other"), 403, "forbidden", "body", ["account_root_key_hash": "invalid"])
        let added = try add(hash)
        #expect(added.status == 200 && added["public_key"] == .string(key), "\(added.text)")
        #expect(try client.call("GET", Self.path)["asym_keys"][key] == ["encrypted_secret_key": "cw"])
        let version = try person.version()
        expectMisakey(
            try client.call("DELETE", "\(Self.path)/asym-keys", ["public_keys": ["cHVibGlj", "unknown"]]), 404,
            "not_found", "body", ["public_keys": "not_found"])
        #expect(try person.version() == version)
        #expect(
            try client.call("DELETE", "\(Self.path)/asym-keys", ["public_keys": [.string(key), "cHVibGlj"]]).status
                == 204)
        #expect(try client.call("GET", Self.path)["asym_keys"] == [:])
        for body in [[:], ["public_keys": []], ["public_keys": 7], ["public_keys": [7]]] as [JSONValue] {
            #expect(try client.call("DELETE", "\(Self.path)/asym-keys", body).status == 400)
        }
    }

    @Test func `shares of boxes are put and removed`() throws {
        let hash = Unique.name("hash")
        let first: JSONValue = [
            "\(Storage.box)": ["invitation_share_hash": "aGFzaA", "encrypted_invitation_share": "c2hhcmU"]
        ]
        let client = try migrated(hash, shares: first).client()
        let shown = try client.call("GET", Self.path)["box_key_shares"][Storage.box]
        #expect(
            shown.objectValue.map { Array($0.keys) } == [
                "id", "invitation_share_hash", "encrypted_invitation_share", "created_at", "updated_at",
            ])
        let path = "\(Self.path)/box-key-shares"
        func put(_ hash: String, _ box: String = Storage.box.uppercased()) throws -> Response {
            try client.call(
                "PUT", "\(path)/\(box)",
                [
                    "invitation_share_hash": "bmV1", "encrypted_invitation_share": "bmV1",
                    "account_root_key_hash": .string(hash),
                ])
        }
        expectMisakey(try put("other"), 403, "forbidden", "body", ["account_root_key_hash": "invalid"])
        expectMisakey(try put(hash, "x"), 400, "bad_request", "path", ["box_id": "malformed"])
        let changed = try put(hash)
        #expect(changed.status == 200 && changed["id"] == shown["id"] && changed["created_at"] == shown["created_at"])
        #expect(changed["invitation_share_hash"] == "bmV1" && changed["updated_at"] != shown["updated_at"])
        #expect(try client.call("GET", Self.path)["box_key_shares"][Storage.box] == changed.json)
        expectMisakey(
            try client.call("DELETE", path, ["box_ids": ["3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa"]]), 404, "not_found",
            "body", ["box_ids": "not_found"])
        #expect(try client.call("DELETE", path, ["box_ids": [.string(Storage.box)]]).status == 204)
        #expect(try client.call("GET", Self.path)["box_key_shares"] == [:])
    }

    @Test func `parts that are missing or of a wrong form are refused`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let version = try person.version()
        func set(_ key: String, _ value: JSONValue?, in path: [String] = []) -> JSONValue {
            func change(_ object: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
                var members = object.objectValue ?? [:]
                if let next = path.first {
                    members.set(next, to: change(members[next] ?? .null, path.dropFirst()))
                } else if let value {
                    members.set(key, to: value)
                } else {
                    members = members.members.reduce(into: JSONObject()) {
                        if $1.key != key { $0.append($1.key, $1.value) }
                    }
                }
                return .object(members)
            }
            return change(Storage.one(), path[...])
        }
        let long: JSONValue = .string(String(repeating: "a", count: 4_096))
        let cases: [(JSONValue, [String: String])] = [
            (set("account_root_key", nil), ["account_root_key": "required"]),
            (set("vault_key", nil), ["vault_key": "required"]), (set("pubkey", nil), ["pubkey": "required"]),
            (set("non_identified_pubkey", ""), ["non_identified_pubkey": "required"]),
            (set("asym_keys", nil), ["asym_keys": "required"]), (set("asym_keys", []), ["asym_keys": "malformed"]),
            (set("key_hash", "a=", in: ["account_root_key"]), ["key_hash": "malformed"]),
            (set("encrypted_key", "a+", in: ["vault_key"]), ["encrypted_key": "malformed"]),
            (set("key_hash", .string(String(repeating: "a", count: 256)), in: ["vault_key"]), ["key_hash": "invalid"]),
            (
                set("encrypted_key", .string(String(repeating: "a", count: 1_024)), in: ["vault_key"]),
                ["encrypted_key": "invalid"]
            ),
            (set("pubkey", .string(String(repeating: "a", count: 1_024))), ["pubkey": "invalid"]),
            (set("pubkey_aes_rsa", "cHVi"), ["pubkey_aes_rsa": "malformed"]),
            (set("pubkey_aes_rsa", "com.misakey.aes-rsa-enc:"), ["pubkey_aes_rsa": "malformed"]),
            (set("a/b", ["encrypted_secret_key": "a"], in: ["asym_keys"]), ["asym_keys": "malformed"]),
            (set("b", 7, in: ["asym_keys"]), ["asym_keys": "malformed"]),
            (set("b", [:], in: ["asym_keys"]), ["encrypted_secret_key": "required"]),
            (set("b", ["encrypted_secret_key": long], in: ["asym_keys"]), ["encrypted_secret_key": "invalid"]),
            (set("x", [:], in: ["box_key_shares"]), ["box_key_shares": "malformed"]),
            (
                set(Storage.box, [:], in: ["box_key_shares"]),
                ["invitation_share_hash": "required", "encrypted_invitation_share": "required"]
            ),
        ]
        let client = try person.client()
        for (storage, details) in cases {
            let both: [(String, String, JSONValue)] = [
                ("POST", "/crypto/migration/v2", storage),
                (
                    "PUT", "/accounts/\(person.account)/set-password",
                    ["prehashed_password": Prehash.one(), "secret_storage": storage]
                ),
            ]
            for (method, path, body) in both {
                expectMisakey(try client.call(method, path, body), 400, "bad_request", "body", details, "\(details)")
            }
        }
        expectMisakey(
            try client.call("PUT", "/accounts/\(person.account)/set-password", ["prehashed_password": Prehash.one()]),
            400, "bad_request", "body", ["secret_storage": "required"])
        #expect(try person.version() == version)
    }

    @Test func `many keys are installed in one append`() throws {
        let person = try MisakeyPerson.withAccount(root)
        var keys = JSONObject()
        for number in 0..<150 {
            keys.append("key\(number)", ["encrypted_secret_key": .string(String(repeating: "s", count: 4_000))])
        }
        guard case .object(var storage) = Storage.one() else { return }
        storage.set("asym_keys", to: .object(keys))
        let client = try person.client()
        #expect(try client.call("POST", "/crypto/migration/v2", .object(storage)).status == 204)
        #expect(try client.call("GET", Self.path)["asym_keys"].objectValue?.count == 150)
    }
}
