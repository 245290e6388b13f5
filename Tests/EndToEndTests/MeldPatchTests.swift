import StrictJSON
import Testing

/// PATCH of an account: docs/mld-gateway.md.
@Suite struct MeldPatchTests {
    private func expectShown(
        _ meld: Meld, _ account: MeldAccount, _ member: String, _ values: [JSONValue],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let shown = try meld.call("GET", account.path, as: account.basic)
        #expect(shown[member] == .array(values), sourceLocation: sourceLocation)
    }

    private func patch(_ meld: Meld, _ account: MeldAccount, _ body: JSONValue) throws {
        let response = try meld.call("PATCH", account.path, body, as: account.basic)
        #expect(response.status == 204 && response.body.isEmpty && response.header("Content-Type") == nil)
    }

    @Test func `values come and go, and the same one in both clauses ends up present`() throws {
        let meld = try Meld.shared()
        let account = try meld.accountOfRoot()
        try expectShown(meld, account, "remotesAuth", [])
        try patch(meld, account, ["@insert": ["remotesAuth": "jwt"]])
        try expectShown(meld, account, "remotesAuth", ["jwt"])
        try patch(meld, account, ["@insert": ["remotesAuth": "anon"], "@delete": ["remotesAuth": "jwt"]])
        try expectShown(meld, account, "remotesAuth", ["anon"])
        try patch(meld, account, ["@delete": ["remotesAuth": "key"], "@insert": ["remotesAuth": "key"]])
        try expectShown(meld, account, "remotesAuth", ["anon", "key"])
        try patch(meld, account, ["@delete": ["remotesAuth": "anon"]])
        try patch(meld, account, ["@delete": ["remotesAuth": "key"]])
        try expectShown(meld, account, "remotesAuth", [])
    }

    @Test func `what changes nothing is answered alike and is no event`() throws {
        let meld = try Meld.shared()
        let account = try meld.accountOfRoot()
        let before = try meld.events(of: account.name)
        try patch(meld, account, ["@delete": ["remotesAuth": "key"]])
        try patch(meld, account, ["@delete": ["email": "a@example.org", "naming": "any"]])
        try patch(meld, account, ["@insert": ["remotesAuth": "jwt", "@id": .string(account.name)]])
        try patch(meld, account, ["@insert": ["remotesAuth": "jwt"]])
        #expect(try meld.events(of: account.name) == before + ["remotes_auth.inserted.v1"])
    }

    @Test func `one request may change each property, and is one append`() throws {
        let meld = try Meld.shared()
        let account = try meld.accountOfRoot()
        try patch(
            meld, account,
            [
                "@insert": ["remotesAuth": "anon", "naming": "uuid", "email": "A@Example.org"],
                "@delete": ["naming": "any"],
            ])
        try expectShown(meld, account, "remotesAuth", ["anon"])
        try expectShown(meld, account, "naming", ["uuid"])
        try expectShown(meld, account, "email", ["A@Example.org"])
        #expect(
            try meld.events(of: account.name).suffix(3)
                == ["remotes_auth.inserted.v1", "naming.inserted.v1", "emails.inserted.v1"])
        let id = try meld.id(of: account.name)
        #expect(try meld.service.root.call("GET", "/v1/accounts/\(id)")["emails"] == ["A@Example.org"])
        #expect(
            try eventually { try meld.service.root.call("GET", "/v1/accounts?email=A@Example.org").items.count == 1 })
    }

    @Test func `an address that is inserted opens an activation at once`() throws {
        let meld = try Meld.shared()
        let account = try meld.accountOfRoot()
        try patch(meld, account, ["@insert": ["email": "new@example.org"]])
        let token = try meld.token(account.name, "new@example.org")
        #expect(try meld.redeem(account.name, token, try meld.code(of: token)).status == 200)
    }

    @Test func `the twenty-first address is refused`() throws {
        let meld = try Meld.shared()
        let account = try meld.accountOfRoot()
        for number in 0..<20 { try patch(meld, account, ["@insert": ["email": .string("a\(number)@example.org")]]) }
        let response = try meld.call("PATCH", account.path, ["@insert": ["email": "b@example.org"]], as: account.basic)
        expectMeld(response, 400, "BadRequest")
    }

    @Test(arguments: [
        "{}", "[]", "1", "null", #"{"@insert":{}}"#, #"{"@insert":{"@id":"NAME"}}"#, #"{"@delete":{}}"#,
        #"{"@insert":[{"remotesAuth":"jwt"}]}"#, #"{"@insert":null}"#, #"{"@insert":{"remotesAuth":["jwt"]}}"#,
        #"{"@insert":{"remotesAuth":null}}"#, #"{"@insert":{"remotesAuth":{"@id":"jwt"}}}"#,
        #"{"@insert":{"remotesAuth":"http://gw.m-ld.org/#jwt"}}"#, #"{"@insert":{"remotesAuth":"JWT"}}"#,
        #"{"@insert":{"remotesAuth":""}}"#, #"{"@insert":{"remotesAuth":true}}"#, #"{"@insert":{"naming":"UUID"}}"#,
        #"{"@insert":{"naming":["any"]}}"#, #"{"@insert":{"email":"a"}}"#, #"{"@insert":{"email":1}}"#,
        #"{"@insert":{"@type":"Account","remotesAuth":"jwt"}}"#, #"{"@insert":{"key":{"@id":".abcdef"}}}"#,
        #"{"@insert":{"admin":"x"}}"#, #"{"@insert":{"remotesAuth":"jwt","x":"y"}}"#,
        #"{"@insert":{"remotesAuth":"jwt","@id":"other"}}"#, #"{"@insert":{"remotesAuth":"jwt","@id":1}}"#,
        #"{"@update":{"remotesAuth":"jwt"}}"#, #"{"@insert":{"remotesAuth":"jwt"},"@where":{}}"#,
        #"{"@context":{},"@insert":{"remotesAuth":"jwt"}}"#, #"{"@graph":[]}"#, #"{"remotesAuth":"jwt"}"#,
        #"{"@insert":{"remotesAuth":"jwt"},"@delete":{"remotesAuth":"nope"}}"#,
        #"{"@delete":{"remotesAuth":"key"},"@insert":{"email":"broken"}}"#,
    ])
    func `anything else is a bad request, and none of it happens`(body: String) throws {
        let meld = try Meld.shared()
        let account = try Self.account.get()
        let before = try meld.events(of: account.name)
        let text = body.replacing("NAME", with: account.name)
        for authorization in [account.basic, meld.root] {
            expectMeld(try meld.send("PATCH", account.path, text, as: authorization), 400, "BadRequest", "\(text)")
        }
        #expect(try meld.events(of: account.name) == before)
    }

    @Test func `no body is a bad request, a broken one invalid content`() throws {
        let meld = try Meld.shared()
        let account = try Self.account.get()
        expectMeld(try meld.call("PATCH", account.path, as: account.basic), 400, "BadRequest")
        for body in [
            "{", #"{"@insert":{"remotesAuth":"jwt"},}"#, #"{"@insert":{"remotesAuth":"jwt","remotesAuth":"key"}}"#,
            #"{"@insert":{},"@insert":{"remotesAuth":"jwt"}}"#, "{\"@insert\":{\"remotesAuth\":\"\u{1}\"}}",
        ] {
            expectMeld(try meld.send("PATCH", account.path, body, as: account.basic), 400, "InvalidContent", "\(body)")
        }
    }

    @Test func `what it does is seen by the next request, and in the native API`() throws {
        let meld = try Meld.shared()
        let account = try meld.accountOfRoot()
        let id = try meld.id(of: account.name)
        for number in 0..<20 {
            let isInserted = number % 2 == 0
            try patch(meld, account, [isInserted ? "@insert" : "@delete": ["remotesAuth": "anon"]])
            try expectShown(meld, account, "remotesAuth", isInserted ? ["anon"] : [])
            #expect(
                try meld.service.root.call("GET", "/v1/accounts/\(id)/remotes-auth")["remotes_auth"]
                    == [isInserted ? "anon" : "key"])
        }
    }

    private static let account = Result { try Meld.shared().accountOfRoot() }
}
