import StrictJSON
import Testing

/// What one gateway acknowledged, the next request finds on another, in the dialect of m-ld.
@Suite struct MeldGatewaysTests {
    private static let drawn = "c" + String(repeating: "a1", count: 12)

    /// A gateway in the dialect.
    private struct Side {
        let client: Client
        static let root = Meld.basic("test", Deployment.rootKey)

        func call(_ method: String, _ path: String, _ body: JSONValue? = nil, as authorization: String = root) throws
            -> Response
        {
            try client.call(method, "/api/v1/\(path)", body, headers: [("Authorization", authorization)])
        }

        /// An account that root makes, by its name: its key and its id.
        func account(_ name: String) throws -> (basic: String, key: String, id: String) {
            let response = try call("POST", "user/\(name)/key")
            guard let key = response["auth"]["key"].stringValue,
                let id = try client.with(key).call("GET", "/v1/me")["id"].stringValue
            else { throw TestFailure("no account: \(response.text)") }
            return (Meld.basic(name, key), key, id)
        }
    }

    @Test func `keys, rules and administrators hold at once on the other gateway`() throws {
        let deployment = try Deployment()
        let gateways = (try deployment.serve(), try deployment.serve())
        let (one, two) = (Side(client: gateways.0.root), Side(client: gateways.1.root))
        for _ in 0..<10 {
            let (name, other) = (Unique.name(), Unique.name())
            let (owner, friend) = (try one.account(name), try one.account(other))
            let path = "user/\(name)"
            #expect(try two.call("GET", path, as: owner.basic)["remotesAuth"] == [])
            let domain: JSONValue = ["@domain": .string("\(Self.drawn).\(name).localhost"), "auth": [:]]
            expectMeld(try two.call("POST", "remotes/decision", domain), 403, "Forbidden")
            let open: JSONValue = ["@insert": ["remotesAuth": "anon", "naming": "uuid"]]
            #expect(try one.call("PATCH", path, open, as: owner.basic).status == 204)
            #expect(try two.call("POST", "remotes/decision", domain)["by"] == "anon")
            #expect(try two.call("POST", "domain/\(name)").status == 200)

            expectMeld(try two.call("PUT", "domain/\(name)/notes", as: friend.basic), 403, "Forbidden")
            let admins = "/v1/accounts/\(owner.id)/admins/\(friend.id)"
            #expect(try one.client.call("PUT", admins).status == 204)
            let registered = try two.call("PUT", "domain/\(name)/notes", as: friend.basic)
            #expect(registered.status == 200, "\(registered.text)")
            #expect(try one.client.call("DELETE", admins).status == 204)
            expectMeld(try two.call("PUT", "domain/\(name)/more", as: friend.basic), 403, "Forbidden")

            let further = try two.call("POST", "\(path)/key", as: owner.basic)["auth"]["key"].stringValue ?? ""
            #expect(try one.call("GET", path, as: Meld.basic(name, further)).status == 200)
            let id = further.split(separator: ":")[0].split(separator: ".").last ?? ""
            #expect(try one.client.call("DELETE", "/v1/accounts/\(owner.id)/keys/\(id)").status == 204)
            expectMeld(try two.call("GET", path, as: Meld.basic(name, further)), 401, "Unauthorized")
        }
    }
}
