import Foundation
import StrictJSON
import Testing

/// Nothing that a client of the Misakey door sent stands anywhere in clear.
@Suite struct MisakeyCanaryTests {
    /// Letters alone, so that it may stand in every kind of base64 as it is.
    private static let mark = "kanarienvogel"

    @Test func `a dump and everything that was printed hold nothing that a client of this door sent`() throws {
        let service = try Service(["LEDGER_LOG_LEVEL": "trace"])
        let root = service.root
        let mark = Self.mark
        func base64(_ place: String) -> String { Base64.encode(Array("\(mark)-\(place)-".utf8)) }
        func text(_ place: String) -> JSONValue { .string("\(mark)-\(place)") }
        func prehash(_ place: String) -> JSONValue {
            Prehash.one(base64("prehash-\(place)"), salt: base64("salt-\(place)"))
        }
        let address = "\(mark)@example.org"
        let anonymous = root.with(nil)
        let found = try anonymous.call("PUT", "/auth/identities", ["identifier_value": .string(address)])
        let identity = try #require(found["authn_step"]["identity_id"].stringValue)
        func client(_ acr: Int64) throws -> Client {
            root.with(
                try root.call("POST", "/v1/tokens", ["identity_id": .string(identity), "acr": .integer(acr)])[
                    "access_token"
                ]
                .stringValue)
        }
        let made = try client(1).call(
            "POST", "/identities/\(identity)/account",
            ["prehashed_password": prehash("first"), "backup_data": .string(base64("backup"))])
        let account = try #require(made["id"].stringValue, "\(made.text)")
        let strong = try client(2)
        let large = Base64.encode(Array("\(mark)-blob".utf8) + [UInt8](repeating: 65, count: 100_001))
        let hash = text("hash")
        let storage: JSONValue = [
            "account_root_key": ["key_hash": hash, "encrypted_key": text("root")],
            "vault_key": ["key_hash": text("vaulthash"), "encrypted_key": text("vault")],
            "asym_keys": ["\(mark)-public": ["encrypted_secret_key": text("secret")]],
            "box_key_shares": [
                "\(Storage.box)": [
                    "invitation_share_hash": text("share"), "encrypted_invitation_share": text("shared"),
                ]
            ],
            "pubkey": text("pubkey"), "non_identified_pubkey": text("non"),
            "pubkey_aes_rsa": .string("com.misakey.aes-rsa-enc:\(mark)-aes"),
        ]
        let requests: [(Client, String, String, JSONValue?, Int)] = [
            (strong, "PUT", "/accounts/\(account)/backup", ["data": .string(large), "version": 2], 204),
            (
                strong, "PUT", "/accounts/\(account)/password",
                [
                    "old_prehashed_password": prehash("first"), "new_prehashed_password": prehash("second"),
                    "encrypted_account_root_key": text("changed"), "backup_data": .string(base64("again")),
                    "backup_version": 3,
                ], 204
            ),
            (
                strong, "PUT", "/accounts/\(account)/password",
                [
                    "old_prehashed_password": prehash("wrong"), "new_prehashed_password": prehash("third"),
                    "encrypted_account_root_key": text("wrong"),
                ], 403
            ),
            (
                try client(1), "PUT", "/accounts/\(account)/set-password",
                ["prehashed_password": prehash("reset"), "secret_storage": storage], 204
            ),
            (
                strong, "POST", "/crypto/secret-storage/asym-keys",
                [
                    "public_key": text("added"), "encrypted_secret_key": text("addedsecret"),
                    "account_root_key_hash": hash,
                ], 200
            ),
            (
                strong, "PUT", "/crypto/secret-storage/box-key-shares/\(Storage.box)",
                [
                    "invitation_share_hash": text("put"), "encrypted_invitation_share": text("putshare"),
                    "account_root_key_hash": hash,
                ], 200
            ),
            (strong, "DELETE", "/crypto/secret-storage/asym-keys", ["public_keys": [text("added")]], 204),
            (strong, "DELETE", "/crypto/secret-storage/box-key-shares", ["box_ids": [.string(Storage.box)]], 204),
            (anonymous, "PUT", "/auth/identities", ["identifier_value": .string("\(mark)@")], 400),
            (anonymous, "GET", "/accounts/\(mark)/pwd-params", nil, 400),
            (anonymous, "GET", "/accounts/\(mark)", nil, 404),
            (
                anonymous, "POST", "/auth/login/authn-step",
                [
                    "identity_id": .string(identity),
                    "authn_step": ["method_name": "emailed_code", "metadata": ["code": text("code")]],
                ], 403
            ),
            (
                anonymous, "POST", "/auth/login/authn-step",
                [
                    "identity_id": .string(identity),
                    "authn_step": ["method_name": "prehashed_password", "metadata": prehash("reset")],
                ], 200
            ),
            (root.with("\(mark)-token"), "GET", "/accounts/\(account)/backup", nil, 401),
        ]
        for (client, method, path, body, status) in requests {
            let response = try client.call(method, path, body, headers: [("X-CSRF-Token", "\(mark)-csrf")])
            #expect(response.status == status, "\(method) \(path): \(response.text)")
            if status >= 400 { #expect(!response.text.contains(mark), "an error repeats nothing") }
        }
        let position = try root.head()
        #expect(
            try eventually {
                try root.call("GET", "/v1/projections").items.allSatisfy {
                    ($0["lag_events"].integerValue ?? 1) == 0 || ($0["position"].integerValue ?? 0) >= position
                }
            })
        // Clear parts of events go to whoever may read the feed.
        for event in try root.all("/v1/events", limit: 100) {
            var writer = JSONWriter()
            try writer.value(event["data"])
            find(
                mark, in: String(decoding: writer.bytes, as: UTF8.self) + (event["meta"].stringValue ?? ""), "an event")
        }
        let own = try root.call("GET", "/v1/accounts/\(account)/events?limit=100").text
        #expect(own.contains(mark), "its owner and root see what was sent")
        let words = [mark, String(Base64.encode(Array(mark.utf8)).prefix(16))]
        for secret in [
            "com.misakey.argon2-relief", Base64.encode(Array("\(mark)-prehash".utf8)).prefix(26).description,
        ] {
            #expect(!own.contains(secret), "verifiers and prehashes are shown to nobody")
        }
        let dump = try service.dump()
        #expect(dump.contains("events_p") && dump.count > 10_000)
        for word in words + ["argon2-relief"] { find(word, in: dump, "pg_dump") }
        find(Hex.encode(Array(mark.utf8)), in: dump, "pg_dump, in hexadecimal")
        #expect(try root.call("DELETE", "/v1/accounts/\(account)").status == 204)
        #expect(service.process.stop() == 0)
        for word in words {
            find(word, in: service.process.output, "standard output")
            find(word, in: service.process.errors, "standard error")
            find(word, in: service.serverLog(), "the server's log")
        }
    }

    private func find(
        _ word: String, in text: String, _ place: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let lowered = text.lowercased()
        guard let range = lowered.range(of: word.lowercased()) else { return }
        let start = lowered.index(range.lowerBound, offsetBy: -200, limitedBy: lowered.startIndex) ?? lowered.startIndex
        Issue.record(
            "\(word) stands in \(place): …\(lowered[start..<range.upperBound])…", sourceLocation: sourceLocation)
    }
}
