import Foundation
import StrictJSON

/// People of every door, with everything that a person can have, and a word that all of them typed everywhere.
struct Everybody {
    let service: Service
    let word: String
    /// Paths of the accounts, in `/v1`.
    private(set) var accounts: [String] = []
    /// Paths of the identities.
    private(set) var identities: [String] = []
    /// The Space that one of the accounts is in.
    let space: String

    private var root: Client { service.root }

    init(_ service: Service, word: String) throws {
        self.service = service
        self.word = word
        space = "\(word).example.org"
        try addNative()
        try addMeld()
        try addMisakey()
    }

    private func typed(_ place: String) -> JSONValue { .string("\(word)-\(place)") }
    private func base64(_ place: String, count: Int = 0) -> JSONValue {
        .string(Base64.encode(Array("\(word)-\(place)".utf8) + [UInt8](repeating: 65, count: count)))
    }

    private func did(_ response: Response, _ what: String) throws -> Response {
        guard (200..<300).contains(response.status) else {
            throw TestFailure("\(what): \(response.status) \(response.text)")
        }
        return response
    }

    private func call(_ client: Client, _ method: String, _ path: String, _ body: JSONValue) throws -> Response {
        try did(client.call(method, path, body), "\(method) \(path)")
    }

    private mutating func addNative() throws {
        let domain = JSONValue.string(space)
        _ = try call(
            root, "POST", "/v1/spaces",
            ["name": typed("space"), "domain": domain, "host": domain, "email_unique": true, "max_accounts": 7])
        let email = "\(word).native@example.org"
        for (name, members) in [
            ("native", ["emails": [.string(email)]] as JSONObject),
            ("spaced", ["emails": [.string("\(word).spaced@example.org")], "space": domain]),
        ] {
            var new = members
            new.append("name", typed(name))
            new.append("password", typed("password"))
            new.append("profile", ["\(word)": typed("profile")])
            let path = "/v1/accounts/\(try call(root, "POST", "/v1/accounts", .object(new))["id"].stringValue ?? "")"
            accounts.append(path)
            for (method, target, body) in [
                ("PUT", "\(path)/backup", ["version": 1, "data": base64("backup", count: 100_000)]),
                (
                    "POST", "\(path)/devices",
                    ["id": typed("device"), "name": typed("dname"), "public_key": typed("pem")]
                ),
                ("POST", "\(path)/devices/\(word)-device/revoke", ["reason": typed("reason")]),
                ("POST", "\(path)/keys", ["name": typed("label")]),
                ("POST", "\(path)/block", ["reason": typed("why")]),
                ("POST", "\(path)/unblock", ["reason": typed("y")]),
                ("PATCH", path, ["profile": ["\(word)": typed("patched")]]),
            ] as [(String, String, JSONValue)] { _ = try call(root, method, target, body) }
        }
        let identity = try call(root, "POST", "/v1/identities", ["identifier": .string("\(word).id@example.org")])
        identities.append("/v1/identities/\(identity["id"].stringValue ?? "")")
        _ = try call(
            root, "POST", "\(identities[0])/link",
            ["account_id": .string(String(accounts[0].dropFirst("/v1/accounts/".count)))])
        _ = try call(root.with(nil), "POST", "/v1/recovery", ["email": .string(email)])
        let token = try service.token(mailedTo: email)
        _ = try call(
            root.with(nil), "POST", "/v1/recovery/redeem", ["token": .string(token), "new_password": typed("new")])
        _ = try call(root.with(nil), "POST", "/v1/recovery", ["email": .string(email)])
    }

    private mutating func addMeld() throws {
        let meld = Meld(service)
        let account = try meld.account("\(word)-meld")
        _ = try did(
            meld.call(
                "PATCH", account.path, ["@insert": ["email": .string("\(word).two@example.org")]], as: account.basic),
            "PATCH")
        let token = try meld.token(account.name, "\(word).two@example.org")
        _ = try meld.redeem(account.name, token, try meld.wrongCode(for: token))
        accounts.append("/v1/accounts/\(try meld.id(of: account.name))")
        // Somebody who never came back.
        _ = try meld.token("\(word)-nobody", "\(word).nobody@example.org")
    }

    private mutating func addMisakey() throws {
        let address = JSONValue.string("\(word).misakey@example.org")
        let found = try call(root.with(nil), "PUT", "/auth/identities", ["identifier_value": address])
        let identity = found["authn_step"]["identity_id"]
        identities.append("/v1/identities/\(identity.stringValue ?? "")")
        func client(_ acr: Int64) throws -> Client {
            root.with(
                try call(root, "POST", "/v1/tokens", ["identity_id": identity, "acr": .integer(acr)])["access_token"]
                    .stringValue)
        }
        func prehash(_ place: String) -> JSONValue {
            Prehash.one(base64(place).stringValue ?? "", salt: base64("salt").stringValue ?? "")
        }
        let made = try call(
            client(1), "POST", "/identities/\(identity.stringValue ?? "")/account",
            ["prehashed_password": prehash("first"), "backup_data": base64("misakey")])
        let id = made["id"].stringValue ?? ""
        accounts.append("/v1/accounts/\(id)")
        _ = try call(
            client(2), "PUT", "/accounts/\(id)/backup", ["data": base64("blob", count: 100_001), "version": 2])
        _ = try call(
            client(1), "PUT", "/accounts/\(id)/set-password",
            [
                "prehashed_password": prehash("reset"),
                "secret_storage": [
                    "account_root_key": ["key_hash": typed("hash"), "encrypted_key": typed("root")],
                    "vault_key": ["key_hash": typed("vaulthash"), "encrypted_key": typed("vault")],
                    "asym_keys": ["\(word)-public": ["encrypted_secret_key": typed("secret")]],
                    "pubkey": typed("pubkey"), "non_identified_pubkey": typed("non"),
                ],
            ])
        _ = try call(
            root.with(nil), "PUT", "/auth/identities", ["identifier_value": address, "password_reset": true])
    }

    /// The forms in which the word would stand somewhere.
    var traces: [String] {
        [word, String(Base64.encode(Array(word.utf8)).prefix(16)), Hex.encode(Array(word.utf8))]
    }

    /// Erases all of them and the Space, and waits until nothing is left to purge.
    func erase() throws {
        _ = try did(root.call("DELETE", "/v1/spaces/\(space)"), "DELETE")
        for path in accounts { if try root.call("GET", path).status != 410 { _ = try root.call("DELETE", path) } }
        let isErased = try eventually {
            let isGone = try root.call("GET", "/v1/spaces/\(space)").status == 404
            let left = try service.sql(
                "SELECT count(*) FROM ledger.subject_keys WHERE destroyed_at IS NOT NULL AND purged_at IS NULL")
            return try isGone && left == "0" && accounts.allSatisfy { try root.call("GET", $0).status == 410 }
        }
        guard isErased else { throw TestFailure("not erased: \(service.process.errors.suffix(1_000))") }
        try service.waitForProjections(upTo: try root.head())
    }
}
