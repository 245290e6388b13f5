import StrictJSON
import Testing

@Suite struct IdentityTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private func identity() throws -> (id: String, address: String) {
        let address = "\(Unique.name("i"))@example.org"
        let response = try root.call("POST", "/v1/identities", ["identifier": .string(address)])
        return (try #require(response["id"].stringValue, "\(response.text)"), address)
    }

    @Test func `an identifier is lowered, unique, and found again`() throws {
        let address = "\(Unique.name("Mixed"))@Example.ORG"
        let made = try root.call("POST", "/v1/identities", ["identifier": .string(address)])
        #expect(made.status == 201 && made["identifier"] == .string(address.lowercased()))
        #expect(made["account_id"] == .null && made["mfa"] == "disabled" && made["version"] == 1)
        #expect(made.header("Location") == "/v1/identities/\(made["id"].stringValue ?? "")")
        let taken = try root.call("POST", "/v1/identities", ["identifier": .string(address.uppercased())])
        expectProblem(taken, 409, "name-taken")
        #expect(taken["pointer"] == "/identifier")
        let found = try root.call("GET", "/v1/identities?identifier=\(address)")
        #expect(found.items.count == 1 && found.items.first?["id"] == made["id"], "\(found.text)")
        #expect(try root.call("GET", "/v1/identities?identifier=none-\(address)").items.isEmpty)
        #expect(try root.call("GET", "/v1/identities/\(made["id"].stringValue ?? "")").json == made.json)
    }

    @Test func `an identity is linked to one account, and its account keeps at least one`() throws {
        let (one, two) = (try identity(), try identity())
        let person = try root.account()
        let account: JSONValue = ["account_id": .string(person.id)]
        let linked = try root.call("POST", "/v1/identities/\(one.id)/link", account)
        #expect(linked.status == 200 && linked["account_id"] == .string(person.id), "\(linked.text)")
        expectProblem(try root.call("POST", "/v1/identities/\(one.id)/link", account), 409, "conflict")
        expectProblem(try root.call("POST", "/v1/identities/\(one.id)/unlink", account), 409, "conflict")
        expectProblem(try root.call("POST", "/v1/identities/\(two.id)/unlink", account), 409, "conflict")
        #expect(try root.call("POST", "/v1/identities/\(two.id)/link", account).status == 200)
        let unlinked = try root.call("POST", "/v1/identities/\(one.id)/unlink", account)
        #expect(unlinked.status == 200 && unlinked["account_id"] == .null, "\(unlinked.text)")
    }

    @Test func `a second factor is chosen, and the identity is ended for good`() throws {
        let one = try identity()
        let path = "/v1/identities/\(one.id)"
        #expect(try root.call("PATCH", path, ["mfa": "totp"])["mfa"] == "totp")
        #expect(try root.call("PATCH", path, ["mfa": "totp"])["version"] == 2)
        expectProblem(try root.call("PATCH", path, ["mfa": "sms"]), 422, "invalid")
        #expect(try root.call("DELETE", path).status == 204)
        expectProblem(try root.call("GET", path), 410, "account-erased")
        let again = try root.call("POST", "/v1/identities", ["identifier": .string(one.address)])
        #expect(again.status == 201, "the address is free again: \(again.text)")
    }

    @Test func `an identity's token acts for its account, and for none while it has none`() throws {
        let one = try identity()
        let token = try root.call("POST", "/v1/tokens", ["identity_id": .string(one.id), "acr": 2])
        #expect(token.status == 201, "\(token.text)")
        let client = root.with(token["access_token"].stringValue)
        expectProblem(try client.call("GET", "/v1/me"), 404, "not-found")
        let person = try root.account()
        _ = try root.call("POST", "/v1/identities/\(one.id)/link", ["account_id": .string(person.id)])
        #expect(try client.call("GET", "/v1/me")["id"] == .string(person.id))
        #expect(try client.call("PATCH", person.path, ["profile": ["a": "b"]]).status == 200)
        #expect(try root.call("DELETE", "/v1/identities/\(one.id)").status == 204)
        #expect(try client.call("GET", "/v1/me").status == 401)
    }

    @Test func `the last identity of an account of Misakey stays as long as the account`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let path = "/v1/identities/\(person.identity)"
        let version = try person.version()
        expectProblem(try root.call("DELETE", path), 409, "conflict")
        #expect(try person.version() == version && person.client().call("GET", person.backup).status == 200)
        let other = try identity()
        _ = try root.call("POST", "/v1/identities/\(other.id)/link", ["account_id": .string(person.account)])
        #expect(try root.call("DELETE", path).status == 204)
        expectProblem(try root.call("DELETE", "/v1/identities/\(other.id)"), 409, "conflict")
        #expect(try root.call("DELETE", "/v1/accounts/\(person.account)").status == 204)
        expectProblem(try root.call("GET", "/v1/identities/\(other.id)"), 410, "account-erased")
    }

    @Test func `a person's identities end with the account`() throws {
        let one = try identity()
        let person = try root.account()
        _ = try root.call("POST", "/v1/identities/\(one.id)/link", ["account_id": .string(person.id)])
        #expect(try root.call("DELETE", person.path).status == 204)
        expectProblem(try root.call("GET", "/v1/identities/\(one.id)"), 410, "account-erased")
        #expect(try root.call("POST", "/v1/identities", ["identifier": .string(one.address)]).status == 201)
    }
}
