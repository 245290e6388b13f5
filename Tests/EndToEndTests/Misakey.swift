import StrictJSON
import Testing

/// Somebody with an identity, and what a client of the Misakey door says for them.
struct MisakeyPerson: Sendable {
    let root: Client
    let identity: String
    let address: String
    /// Set once the account was made.
    var account = ""

    var backup: String { "/accounts/\(account)/backup" }
    var password: String { "/accounts/\(account)/password" }
    var parameters: String { "/accounts/\(account)/pwd-params" }

    /// A new identity without an account.
    init(_ root: Client) throws {
        self.root = root
        address = "\(Unique.name("m"))@example.org"
        let response = try root.call("POST", "/v1/identities", ["identifier": .string(address)])
        guard let id = response["id"].stringValue else { throw TestFailure("no identity: \(response.text)") }
        identity = id
    }

    /// A new identity with an account, made at the door.
    static func withAccount(_ root: Client, backup: String = "YmFja3Vw", password: JSONValue = Prehash.one()) throws
        -> MisakeyPerson
    {
        var person = try MisakeyPerson(root)
        let response = try person.create(password: password, backup: .string(backup))
        guard response.status == 201, let id = response["id"].stringValue else {
            throw TestFailure("no account: \(response.status) \(response.text)")
        }
        person.account = id
        return person
    }

    func token(_ acr: Int) throws -> String {
        let response = try root.call(
            "POST", "/v1/tokens", ["identity_id": .string(identity), "acr": .integer(Int64(acr))])
        guard let token = response["access_token"].stringValue else { throw TestFailure("no token: \(response.text)") }
        return token
    }

    func client(_ acr: Int = 2) throws -> Client { root.with(try token(acr)) }

    func create(password: JSONValue = Prehash.one(), backup: JSONValue = "YmFja3Vw") throws -> Response {
        try client(1).call(
            "POST", "/identities/\(identity)/account", ["prehashed_password": password, "backup_data": backup])
    }

    /// How many events the account has.
    func version() throws -> Int64 { try root.call("GET", "/v1/accounts/\(account)")["version"].integerValue ?? -1 }

    /// How many events the identity has.
    func identityVersion() throws -> Int64 {
        try root.call("GET", "/v1/identities/\(identity)")["version"].integerValue ?? -1
    }
}

/// Prehashed passwords; the server cannot tell an honest one from any other bytes.
enum Prehash {
    static func one(
        _ hash: String = "6QtSvBGMUuJCNrOwxZLEzQ==", salt: String = "ZmFrZVJhbmRvbVNhbHQ=", memory: Int64 = 1024,
        iterations: Int64 = 1, parallelism: Int64 = 1
    ) -> JSONValue {
        [
            "params": [
                "memory": .integer(memory), "iterations": .integer(iterations), "parallelism": .integer(parallelism),
                "salt_base_64": .string(salt),
            ], "hash_base_64": .string(hash),
        ]
    }

    static func other(_ number: Int = 1) -> JSONValue {
        one(Base64.encode(Array("prehash number \(number)".utf8)), salt: "c2FsdHktc2FsdC1zYWx0", memory: 2048)
    }

    static let parameters: JSONValue = [
        "memory": 1024, "parallelism": 1, "iterations": 1, "salt_base_64": "ZmFrZVJhbmRvbVNhbHQ=",
    ]
}

/// Secret storages as clients make them; nothing in them means anything to the server.
enum Storage {
    static func one(_ hash: String = Unique.name("hash"), shares: JSONValue? = nil, keys: Bool = true) -> JSONValue {
        var object: JSONObject = [
            "account_root_key": ["key_hash": .string(hash), "encrypted_key": "cm9vdA"],
            "vault_key": ["key_hash": "dmF1bHQ", "encrypted_key": "dmF1bHRr"],
            "asym_keys": ["cHVibGlj": ["encrypted_secret_key": "c2VjcmV0"]],
        ]
        if let shares { object.append("box_key_shares", shares) }
        if keys {
            object.append("pubkey", "cHVia2V5")
            object.append("non_identified_pubkey", "bm9u")
            object.append("pubkey_aes_rsa", "com.misakey.aes-rsa-enc:cHVia2V5")
            object.append("non_identified_pubkey_aes_rsa", "com.misakey.aes-rsa-enc:bm9u")
        }
        return .object(object)
    }

    static let box = "a6ca4e2b-d929-49eb-8bdd-456d46f5b098"
}

/// Expects the dialect's error object, whole and with exactly these details.
func expectMisakey(
    _ response: Response, _ status: Int, _ code: String, _ origin: String, _ details: [String: String]? = nil,
    _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    let object = response.json.objectValue
    let found = object?["details"]?.objectValue
    let texts = found?.members.allSatisfy { $0.value.stringValue != nil } ?? false
    var isRight =
        response.status == status && response["code"] == .string(code) && response["origin"] == .string(origin)
        && response["desc"].stringValue != nil
        && object.map { Array($0.keys) } == ["code", "origin", "desc", "details"]
        && texts
    if let details {
        let shown = Dictionary(
            uniqueKeysWithValues: found?.members.map { ($0.key, $0.value.stringValue ?? "") } ?? [])
        isRight = isRight && shown == details
    }
    #expect(
        isRight, "\(comment.map { "\($0): " } ?? "")\(response.status) \(response.text.prefix(300))",
        sourceLocation: sourceLocation)
}
