import PostgresClient
import StrictJSON
import Testing

/// Requests of codes and their redemption: docs/mld-gateway.md, each line of its tables.
@Suite struct MeldActivationTests {
    @Test func `an account that nobody has is made by its first redemption, not by the request`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let response = try meld.request(name, "\(name)@example.org")
        #expect(response.status == 200 && response.json.objectValue?.keys.map { $0 } == ["jwe"])
        #expect(response.header("Content-Type") == "application/json")
        #expect(response.header("Cache-Control") == "no-store")
        let token = try #require(response["jwe"].stringValue)
        #expect(token.utf8.count <= 2_048 && !token.contains(".") && !token.contains(" "))
        let code = try meld.code(of: token)
        #expect(!response.text.contains(code))
        #expect(try meld.service.root.call("GET", "/v1/accounts?name=\(name)").items.isEmpty)

        let key = try meld.redeem(name, token, code)
        #expect(key.status == 200, "\(key.text)")
        #expect(key.json.objectValue?.keys.map { $0 } == ["auth"] && key["auth"].objectValue?.count == 1)
        #expect(key.header("Cache-Control") == "no-store")
        let text = try #require(key["auth"]["key"].stringValue)
        #expect(text.wholeMatch(of: try Regex("^\(meld.application)\\.[a-p]{6}:[a-p]{74}$")) != nil)
        #expect(try meld.call("GET", "user/\(name)", as: Meld.basic(name, text)).status == 200)
        #expect(try meld.events(of: name) == ["account.created.v1", "key.issued.v1"])
    }

    @Test func `an account made so is visible in the native API, with its history and its door`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let id = try meld.id(of: account.name)
        let shown = try meld.service.root.call("GET", "/v1/accounts/\(id)")
        #expect(shown["system"] == "mld" && shown["activated"] == true && shown["name"].stringValue == account.name)
        #expect(shown["emails"] == [.string(account.email)] && shown["remotes_auth"] == ["key"])
        let keys = try meld.service.root.call("GET", "/v1/accounts/\(id)/keys").items
        #expect(keys.map { $0["id"].stringValue } == [account.keyID] && keys[0]["type"] == "rsa")
        let events = try meld.service.root.call("GET", "/v1/accounts/\(id)/events").items
        #expect(events.count == 2)
        for event in events {
            let meta = event["meta"].stringValue ?? "\(event["meta"])"
            #expect(meta.contains("mld"), "\(event)")
        }
    }

    @Test func `an existing account gets a further key by one of its addresses, and keeps the old one`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let token = try meld.token(account.name, account.email)
        let key = try meld.redeem(account.name, token, try meld.code(of: token))
        let second = try #require(key["auth"]["key"].stringValue)
        #expect(second != account.key)
        for key in [account.key, second] {
            #expect(try meld.call("GET", account.path, as: Meld.basic(account.name, key)).status == 200)
        }
        #expect(try meld.call("GET", account.path, as: account.basic)["key"].arrayValue?.count == 2)
    }

    @Test func `an address that the account does not list gets no mail`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let bare = try meld.accountOfRoot()
        let head = try meld.service.root.head()
        for (name, email) in [
            (account.name, "other@example.org"), (account.name, account.email.uppercased()),
            (bare.name, "a@example.org"), (meld.rootName, "a@example.org"),
        ] {
            expectMeld(try meld.request(name, email), 401, "Unauthorized")
        }
        #expect(try meld.service.root.head() == head)
    }

    @Test(arguments: [
        "{}", #"{"email":null}"#, #"{"email":1}"#, #"{"email":["a@b.co"]}"#, #"{"email":""}"#, #"{"email":"a"}"#,
        #"{"email":"a@b"}"#, #"{"email":"a@b.co\r\nBcc: c@d.co"}"#, #"{"email":"a@b.co,c@d.co"}"#,
        #"{"email":"\"a\"@b.co"}"#, #"{"email":" a@b.co"}"#, "[]", "1", "null", #""a@b.co""#,
    ])
    func `a body without an address is a bad request, and nothing happens`(body: String) throws {
        let meld = try Meld.shared()
        let head = try meld.service.root.head()
        expectMeld(try meld.send("POST", "user/\(Unique.name())/activation", body), 400, "BadRequest")
        #expect(try meld.service.root.head() == head)
    }

    @Test func `no body is a bad request, a broken one invalid content`() throws {
        let meld = try Meld.shared()
        expectMeld(try meld.call("POST", "user/a/activation"), 400, "BadRequest")
        for body in [
            "{", "{\"email\":\"a@b.co\",}", "{\"email\":\"a@b.co\",\"email\":\"a@b.co\"}", "nul", "{'email':1}",
            "{\"email\":\"\u{0}\"}", "{\"email\":\"a@b.co\"} x", "\u{feff}{\"email\":\"a@b.co\"}",
            String(repeating: "[", count: 100_000), "{\"email\":\"\\ud800\"}",
        ] {
            expectMeld(try meld.send("POST", "user/a/activation", body), 400, "InvalidContent", "\(body.prefix(40))")
        }
    }

    @Test func `other members do not matter, and neither does a credential`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        for authorization in [nil, "Bearer x", "Basic !!!", "Digest a=b", Meld.basic("nobody", "x.y:z")] {
            let response = try meld.call(
                "POST", "user/\(name)/activation", ["email": "a@example.org", "code": "1", "x": ["y": 1]],
                as: authorization)
            #expect(response.status == 200, "\(response.text)")
        }
    }

    @Test func `whatever is wrong with a redemption has one answer`() throws {
        let meld = try Meld.shared()
        let (name, other) = (Unique.name(), Unique.name())
        let token = try meld.token(name, "\(name)@example.org")
        let code = try meld.code(of: token)
        let second = try meld.token(name, "\(name)@example.org")
        var tampered = Array(token.utf8)
        tampered[60] = tampered[60] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        var bodies: Set<String> = []
        func expectRefused(_ response: Response, _ what: Comment) {
            expectMeld(response, 401, "Unauthorized", what)
            bodies.insert(response.text)
        }
        expectRefused(try meld.redeem(name, token, try meld.wrongCode(for: token)), "wrong code")
        expectRefused(try meld.redeem(name, token, " "), "blank code")
        expectRefused(try meld.redeem(name, token, String(repeating: "1", count: 2_000)), "long code")
        expectRefused(
            try meld.redeem(name, token, try meld.code(of: second) == code ? "1" : try meld.code(of: second)),
            "other code")
        expectRefused(try meld.redeem(name, String(decoding: tampered, as: UTF8.self), code), "tampered")
        expectRefused(try meld.redeem(name, String(token.dropLast(4)), code), "truncated")
        expectRefused(try meld.redeem(name, "garbage", code), "garbage")
        expectRefused(try meld.redeem(other, token, code), "another account's")
        expectRefused(
            try meld.call("POST", "user/\(name)/key", headers: [("X-Activation-Code", code)]), "no token")
        expectRefused(
            try meld.call("POST", "user/\(name)/key", as: meld.root, headers: [("X-Activation-Code", code)]), "Basic")
        expectRefused(
            try meld.call(
                "POST", "user/\(name)/key", as: Meld.basic(name, token), headers: [("X-Activation-Code", code)]),
            "the token as a password")
        expectRefused(try meld.call("POST", "user/\(name)/key", as: "Bearer \(token)"), "without the code")
        expectRefused(
            try meld.call(
                "POST", "user/\(name)/key", as: "Bearer \(token)",
                headers: [("X-Activation-Code", code), ("X-Activation-Code", code)]), "the code twice")
        #expect(bodies.count == 1)
        #expect(try meld.service.root.call("GET", "/v1/accounts?name=\(other)").items.isEmpty)
        // Four wrong codes of this token were counted, and neither other answer; so it is redeemed still.
        #expect(try meld.redeem(name, token, code).status == 200)
        expectRefused(try meld.redeem(name, token, code), "a second time")
        #expect(try meld.events(of: name) == ["account.created.v1", "key.issued.v1"])
    }

    @Test func `five wrong codes close a token, four do not`() throws {
        let meld = try Meld.shared()
        for (wrong, status) in [(4, 200), (5, 401)] {
            let name = Unique.name()
            let token = try meld.token(name, "\(name)@example.org")
            let code = try meld.wrongCode(for: token)
            for _ in 0..<wrong { expectMeld(try meld.redeem(name, token, code), 401, "Unauthorized") }
            #expect(try meld.redeem(name, token, try meld.code(of: token)).status == status)
        }
    }

    @Test func `a type that is not rsa costs no attempt, and leaves the token usable`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let token = try meld.token(name, "\(name)@example.org")
        let code = try meld.code(of: token)
        for query in ["?type=ec", "?type=", "?type", "?type=RSA", "?type=rsa&type=rsa"] {
            expectMeld(try meld.redeem(name, token, code, query: query), 400, "BadRequest")
        }
        let response = try meld.redeem(name, token, code, query: "?type=rsa")
        #expect(response.status == 200 && response["key"]["type"] == "rsa")
    }

    @Test func `an account that came to be meanwhile does not get the address`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let token = try meld.token(name, "mallory@example.org")
        let account = try meld.account(name)
        expectMeld(try meld.redeem(name, token, try meld.code(of: token)), 401, "Unauthorized")
        #expect(try meld.call("GET", account.path, as: account.basic)["email"] == [.string(account.email)])
    }

    @Test func `an address that was deleted meanwhile opens nothing`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let token = try meld.token(account.name, account.email)
        let patch: JSONValue = ["@delete": ["email": .string(account.email)]]
        #expect(try meld.call("PATCH", account.path, patch, as: account.basic).status == 204)
        expectMeld(try meld.redeem(account.name, token, try meld.code(of: token)), 401, "Unauthorized")
        expectMeld(try meld.request(account.name, account.email), 401, "Unauthorized")
        #expect(try meld.call("PATCH", account.path, ["@insert": patch["@delete"]], as: meld.root).status == 204)
        #expect(try meld.request(account.name, account.email).status == 200)
    }

    @Test func `any number of activations may be open, each with its own code`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let tokens = try (0..<4).map { _ in try meld.token(name, "\(name)@example.org") }
        #expect(Set(tokens).count == 4)
        for token in tokens.reversed() { #expect(try meld.redeem(name, token, try meld.code(of: token)).status == 200) }
        #expect(try meld.events(of: name).filter { $0 == "key.issued.v1" }.count == 4)
    }

    @Test func `when an activation closes is found by an index, and moves to when it was used`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let token = try meld.token(name, "\(name)@example.org")
        let database = try meld.service.database()
        defer { database.close() }
        func isClosed() throws -> Bool? {
            let rows = try database.query(
                PostgresStatement(
                    "SELECT closes_at <= now() FROM rm.activations_1 "
                        + "WHERE stream_id = '\(Meld.activation(token))' AND NOT ended"))
            return rows.count == 1 ? try rows.bool(0, 0) : nil
        }
        #expect(try eventually { try isClosed() == false })
        expectMeld(try meld.redeem(name, token, try meld.wrongCode(for: token)), 401, "Unauthorized")
        #expect(try meld.redeem(name, token, try meld.code(of: token)).status == 200)
        #expect(try eventually { try isClosed() == true })
    }
}
