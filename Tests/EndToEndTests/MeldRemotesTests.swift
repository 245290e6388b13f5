import PKI
import StrictJSON
import Testing

/// Whether a connection to a domain may be made, and domains.
@Suite struct MeldRemotesTests {
    private static let drawn = "c" + String(repeating: "a1", count: 12)

    private func ask(_ meld: Meld, _ domain: String, _ auth: JSONValue) throws -> Response {
        try meld.call("POST", "remotes/decision", ["@domain": .string(domain), "auth": auth], as: meld.root)
    }

    private func modes(_ meld: Meld, _ account: MeldAccount, _ modes: String...) throws {
        for mode in ["anon", "key", "jwt"] {
            let clause = modes.contains(mode) ? "@insert" : "@delete"
            let patch: JSONValue = .object([clause: ["remotesAuth": .string(mode)]])
            #expect(try meld.call("PATCH", account.path, patch, as: account.basic).status == 204)
        }
    }

    private func expectAccepted(
        _ response: Response, _ account: String, _ user: JSONValue, _ by: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            response.status == 200
                && response.json == ["account": .string(account), "user": user, "by": .string(by)], "\(response.text)",
            sourceLocation: sourceLocation)
    }

    @Test func `only root may ask`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let body: JSONValue = ["@domain": .string("\(Self.drawn).\(account.name).localhost"), "auth": [:]]
        expectMeld(try meld.call("POST", "remotes/decision", body), 401, "Unauthorized")
        expectMeld(try meld.call("POST", "remotes/decision", body, as: account.basic), 403, "Forbidden")
    }

    @Test func `the default is a key, and each mode turns the default off`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let domain = "\(Self.drawn).\(account.name).localhost"
        let key: JSONValue = ["user": .string(account.name), "key": .string(account.key)]
        let jwt: JSONValue = [
            "jwt": .string(try account.token(#""iss":"\#(account.name)","sub":"https://bob.example/""#))
        ]
        expectAccepted(try ask(meld, domain, key), account.name, .string(account.name), "key")
        expectMeld(try ask(meld, domain, [:]), 403, "Forbidden")
        expectMeld(try ask(meld, domain, jwt), 403, "Forbidden")
        try modes(meld, account, "anon")
        expectAccepted(try ask(meld, domain, [:]), account.name, .null, "anon")
        expectMeld(try ask(meld, domain, key), 403, "Forbidden")
        try modes(meld, account, "jwt")
        expectAccepted(try ask(meld, domain, jwt), account.name, "https://bob.example/", "jwt")
        expectMeld(try ask(meld, domain, [:]), 403, "Forbidden")
        expectMeld(try ask(meld, domain, key), 403, "Forbidden")
        try modes(meld, account, "anon", "key", "jwt")
        expectAccepted(try ask(meld, domain, key), account.name, .string(account.name), "key")
        expectAccepted(try ask(meld, domain, jwt), account.name, "https://bob.example/", "jwt")
        try modes(meld, account)
        expectAccepted(try ask(meld, domain, key), account.name, .string(account.name), "key")
    }

    @Test func `the rule is that of the account in the domain, and its owner's and administrators' alone`() throws {
        let meld = try Meld.shared()
        let (account, admin, other) = (try meld.account(), try meld.account(), try meld.account())
        let domain = "\(Self.drawn).\(account.name).localhost"
        try modes(meld, account, "key", "jwt")
        func auth(_ holder: MeldAccount) -> JSONValue { ["user": .string(holder.name), "key": .string(holder.key)] }
        func jwt(_ holder: MeldAccount) throws -> JSONValue {
            ["jwt": .string(try holder.token(#""iss":"\#(holder.name)""#))]
        }
        let path = "/v1/accounts/\(try meld.id(of: account.name))/admins/\(try meld.id(of: admin.name))"
        expectMeld(try ask(meld, domain, auth(admin)), 403, "Forbidden")
        #expect(try meld.service.root.call("PUT", path).status == 204)
        expectAccepted(try ask(meld, domain, auth(admin)), account.name, .string(admin.name), "key")
        expectAccepted(try ask(meld, domain, try jwt(admin)), account.name, .string(admin.name), "jwt")
        expectMeld(try ask(meld, domain, auth(other)), 403, "Forbidden")
        expectMeld(try ask(meld, domain, try jwt(other)), 403, "Forbidden")
        #expect(try meld.service.root.call("DELETE", path).status == 204)
        expectMeld(try ask(meld, domain, auth(admin)), 403, "Forbidden")
        expectMeld(try ask(meld, "\(Self.drawn).\(Unique.name()).localhost", auth(other)), 403, "Forbidden")
    }

    @Test func `credentials that are wrong are unauthorized, halves of them forbidden`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let other = try meld.account()
        let domain = "\(Self.drawn).\(account.name).localhost"
        try modes(meld, account, "key", "jwt")
        let (name, key) = (JSONValue.string(account.name), JSONValue.string(account.key))
        for auth in [
            ["user": name, "key": .string(account.key.dropLast() + "q")], ["user": name, "key": "x"],
            ["user": .string(other.name), "key": key], ["user": .string(Unique.name()), "key": key],
            ["jwt": "x.y.z"], ["jwt": .string(try account.token(#""iss":"\#(account.name)","exp":1"#))],
            ["user": name, "key": .string("other" + account.key)],
        ] as [JSONValue] { expectMeld(try ask(meld, domain, auth), 401, "Unauthorized", "\(auth)") }
        for auth in [["user": name], ["key": key]] as [JSONValue] {
            expectMeld(try ask(meld, domain, auth), 403, "Forbidden")
        }
        // A token counts where user and key are not both there.
        let jwt = JSONValue.string(try account.token(#""iss":"\#(account.name)""#))
        for auth in [["user": name, "jwt": jwt], ["key": key, "jwt": jwt]] as [JSONValue] {
            expectAccepted(try ask(meld, domain, auth), account.name, name, "jwt")
        }
        expectAccepted(
            try ask(meld, domain, ["user": name, "key": key, "jwt": "broken"]), account.name, name, "key")
    }

    @Test func `root's key opens every domain, also the gateway's own`() throws {
        let meld = try Meld.shared()
        let key = JSONValue.string(meld.rootKey)
        let name = Unique.name()
        expectAccepted(try ask(meld, "anything.\(name).localhost", ["key": key]), name, .null, "root")
        expectAccepted(try ask(meld, "localhost", ["key": key, "user": "somebody"]), meld.rootName, "somebody", "root")
        expectMeld(try ask(meld, "localhost", ["user": "a", "key": "b"]), 403, "Forbidden")
        expectMeld(try ask(meld, "localhost", [:]), 400, "BadRequest")
    }

    @Test func `what is malformed is a bad request`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let domain = JSONValue.string("\(Self.drawn).\(account.name).localhost")
        for body in [
            [:], ["auth": [:]], ["@domain": 1, "auth": [:]], ["@domain": domain, "auth": []],
            ["@domain": domain, "auth": "x"],
            ["@domain": domain, "auth": ["pass": "x"]], ["@domain": domain, "auth": ["user": "Bad", "key": "x"]],
            ["@domain": domain, "auth": ["user": 1, "key": "x"]], ["@domain": domain, "auth": ["key": 1]],
            ["@domain": domain, "auth": ["jwt": .null]], ["@domain": domain, "auth": [:], "x": 1],
            ["@domain": "a.b.example.org", "auth": [:]],
            ["@domain": .string("x.\(account.name).notlocalhost"), "auth": [:]],
            ["@domain": .string("\(account.name).localhost"), "auth": [:]],
            ["@domain": "a.b.c.localhost", "auth": [:]],
            ["@domain": "..localhost", "auth": [:]], ["@domain": ".localhost", "auth": [:]],
            ["@domain": "A.b.localhost", "auth": [:]],
            ["@domain": "", "auth": [:]], ["@domain": .string("named.\(account.name).localhost"), "auth": [:]],
            ["@domain": .string("c\(String(repeating: "a", count: 23)).\(account.name).localhost"), "auth": [:]],
        ] as [JSONValue] {
            expectMeld(try meld.call("POST", "remotes/decision", body, as: meld.root), 400, "BadRequest", "\(body)")
        }
        expectMeld(try meld.call("POST", "remotes/decision", as: meld.root), 400, "BadRequest")
        expectMeld(try meld.send("POST", "remotes/decision", "{", as: meld.root), 400, "InvalidContent")
    }

    @Test func `a named domain must be registered, once, by whoever may`() throws {
        let meld = try Meld.shared()
        let (account, other) = (try meld.account(), try meld.account())
        let auth: JSONValue = ["user": .string(account.name), "key": .string(account.key)]
        let domain = "notes.\(account.name).localhost"
        expectMeld(try ask(meld, domain, auth), 404, "NotFound")
        expectMeld(try meld.call("PUT", "domain/\(account.name)/notes"), 401, "Unauthorized")
        expectMeld(try meld.call("PUT", "domain/\(account.name)/notes", as: other.basic), 403, "Forbidden")
        expectMeld(try meld.call("PUT", "domain/\(Unique.name())/notes", as: meld.root), 403, "Forbidden")
        expectMeld(try meld.call("PUT", "domain/Bad/notes", as: meld.root), 404, "NotFound")
        for name in ["Notes", "a_b", "-a", "a.b", String(repeating: "a", count: 64)] {
            expectMeld(try meld.call("PUT", "domain/\(account.name)/\(name)", as: account.basic), 400, "BadRequest")
        }
        for isNew in [true, false] {
            let response = try meld.call("PUT", "domain/\(account.name)/notes", as: account.basic)
            let expected: JSONValue = [
                "@domain": .string(domain), "genesis": .bool(isNew),
                "io": [
                    "uri": "https://localhost/",
                    "opts": ["auth": ["key": "≪your-auth-key≫", "user": .string(account.name)]],
                ],
            ]
            #expect(response.status == 200 && response.json == expected, "\(response.text)")
        }
        #expect(try meld.events(of: account.name).filter { $0 == "domain.created.v1" }.count == 1)
        expectAccepted(try ask(meld, domain, auth), account.name, .string(account.name), "key")
        let path = "/v1/accounts/\(try meld.id(of: account.name))/admins/\(try meld.id(of: other.name))"
        #expect(try meld.service.root.call("PUT", path).status == 204)
        #expect(try meld.call("PUT", "domain/\(account.name)/more", as: other.basic).status == 200)
        #expect(try meld.call("PUT", "domain/\(account.name)/most", as: meld.root).status == 200)
    }

    @Test func `a token is minted for a caller with a key, which connects and opens no account`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        try modes(meld, account, "jwt")
        let response = try meld.call(
            "PUT", "domain/\(account.name)/notes", ["user": "https://bob.example/"], as: account.basic)
        let jwt = try #require(response["io"]["opts"]["auth"]["jwt"].stringValue)
        #expect(response["io"]["opts"]["auth"].objectValue?.count == 1)
        expectAccepted(
            try ask(meld, "notes.\(account.name).localhost", ["jwt": .string(jwt)]), account.name,
            "https://bob.example/",
            "jwt")
        expectMeld(try meld.call("GET", account.path, as: "Bearer \(jwt)"), 403, "Forbidden")
        let plain = try meld.call("PUT", "domain/\(account.name)/notes", as: account.basic)
        let mine = try #require(plain["io"]["opts"]["auth"]["jwt"].stringValue)
        expectMeld(try meld.call("GET", account.path, as: "Bearer \(mine)"), 403, "Forbidden")
        // Without the whole key nothing can be signed.
        for authorization in [meld.root, "Bearer \(try account.token(#""iss":"\#(account.name)""#))"] {
            let response = try meld.call("PUT", "domain/\(account.name)/notes", as: authorization)
            #expect(response["io"]["opts"]["auth"]["jwt"] == "≪your-token≫")
        }
        for body in [["user": "bob"], ["user": 1], ["x": 1], []] as [JSONValue] {
            expectMeld(try meld.call("PUT", "domain/\(account.name)/n", body, as: account.basic), 400, "BadRequest")
        }
        try modes(meld, account, "anon")
        let anonymous = try meld.call("PUT", "domain/\(account.name)/notes", as: account.basic)
        #expect(anonymous["io"].objectValue?.keys.map { $0 } == ["uri"])
    }

    @Test func `anybody may have a drawn domain where the account allows it, and nowhere else`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let path = "domain/\(account.name)"
        for path in [path, "domain/\(Unique.name())"] {
            let response = try meld.call("POST", path)
            expectMeld(response, 405, "MethodNotAllowed")
            #expect(response.header("Allow") != nil)
        }
        expectMeld(try meld.call("POST", "domain/Bad"), 404, "NotFound")
        let patch: JSONValue = ["@insert": ["naming": "uuid", "remotesAuth": "anon"]]
        #expect(try meld.call("PATCH", account.path, patch, as: account.basic).status == 204)
        let response = try meld.call("POST", path)
        #expect(response.status == 200 && response["genesis"] == true, "\(response.text)")
        let domain = try #require(response["@domain"].stringValue)
        #expect(domain.wholeMatch(of: try Regex("^c[a-z0-9]{24}\\.\(account.name)\\.localhost$")) != nil)
        expectAccepted(try ask(meld, domain, [:]), account.name, .null, "anon")
        #expect(try meld.events(of: account.name).contains("domain.created.v1"))
    }

    @Test func `whoever asks for a drawn domain by a key is named, and a key that opens nothing is nobody's`() throws {
        let meld = try Meld.shared()
        let (account, other) = (try meld.account(), try meld.account())
        let path = "domain/\(account.name)"
        expectMeld(try meld.call("POST", path, as: account.basic), 405, "MethodNotAllowed")
        #expect(
            try meld.call("PATCH", account.path, ["@insert": ["naming": "uuid"]], as: account.basic).status == 204)
        for (authorization, name) in [
            (nil, "≪your-account-name≫"), (account.basic, account.name), (other.basic, other.name),
            (meld.root, meld.rootName), (Meld.basic(account.name, other.key), "≪your-account-name≫"),
        ] {
            let response = try meld.call("POST", path, as: authorization)
            #expect(response.status == 200, "\(response.text)")
            #expect(
                response["io"]["opts"]["auth"] == ["key": "≪your-auth-key≫", "user": .string(name)], "\(response.text)")
        }
        expectMeld(try meld.call("POST", path, as: "Basic"), 400, "InvalidHeader")
        try modes(meld, account, "jwt")
        #expect(try meld.call("POST", path)["io"]["opts"]["auth"] == ["jwt": "≪your-token≫"])
        let response = try meld.call("POST", path, as: account.basic)
        let domain = response["@domain"].stringValue ?? ""
        let jwt = response["io"]["opts"]["auth"]["jwt"]
        expectAccepted(try ask(meld, domain, ["jwt": jwt]), account.name, .string(account.name), "jwt")
    }
}
