import StrictJSON
import Testing

@Suite struct PasswordAndTokenTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `an owner proves the old password, root need not`() throws {
        let person = try root.account(["password": "first password"])
        let owner = try person.client()
        let path = "\(person.path)/password"
        let missing = try owner.call("PUT", path, ["new_password": "second password"])
        expectProblem(missing, 422, "invalid")
        #expect(missing.pointers == ["/old_password"])
        let wrong = try owner.call("PUT", path, ["old_password": "no", "new_password": "second password"])
        expectProblem(wrong, 403, "wrong-password")
        let right = try owner.call("PUT", path, ["old_password": "first password", "new_password": "second password"])
        #expect(right.status == 204 && right.header("ETag") != nil, "\(right.text)")
        #expect(try root.call("PUT", path, ["new_password": "third password"]).status == 204)
        let verify = "\(path)/verify"
        #expect(try root.call("POST", verify, ["password": "third password"]).status == 204)
        expectProblem(try root.call("POST", verify, ["password": "second password"]), 403, "wrong-password")
    }

    @Test func `a first password needs no old one`() throws {
        let person = try root.account()
        expectProblem(
            try root.call("POST", "\(person.path)/password/verify", ["password": "x"]), 403, "wrong-password")
        let owner = try person.client()
        #expect(try owner.call("PUT", "\(person.path)/password", ["new_password": "pässwörd"]).status == 204)
        #expect(try root.call("GET", person.path)["has_password"] == true)
        #expect(try owner.call("POST", "\(person.path)/password/verify", ["password": "pässwörd"]).status == 204)
    }

    @Test func `a log-in gives a token that ends with the password it was made with`() throws {
        let person = try root.account(["password": "first password"])
        let anybody = root.with(nil)
        let body: JSONValue = ["name": .string(person.name), "password": "first password"]
        let response = try anybody.call("POST", "/v1/tokens", body)
        #expect(response.status == 201 && response["expires_at"].stringValue?.hasSuffix("Z") == true)
        let client = root.with(response["access_token"].stringValue)
        #expect(try client.call("GET", "/v1/me")["id"] == .string(person.id))
        #expect(try root.call("PUT", "\(person.path)/password", ["new_password": "other password"]).status == 204)
        #expect(try client.call("GET", "/v1/me").status == 401)
        expectProblem(try anybody.call("POST", "/v1/tokens", body), 403, "wrong-password")
        let unknown: JSONValue = ["name": "nobody-at-all", "password": "first password"]
        expectProblem(try anybody.call("POST", "/v1/tokens", unknown), 403, "wrong-password")
    }

    @Test func `a revoked token ends at once and its fellows go on`() throws {
        let person = try root.account()
        let (one, two) = (try person.client(), try person.client())
        let token = String(one.authorization?.dropFirst("Bearer ".count) ?? "")
        #expect(try one.call("GET", "/v1/me").status == 200)
        let revoked = try two.call("POST", "/v1/tokens/revoke", ["access_token": .string(token)])
        #expect(revoked.status == 204, "\(revoked.text)")
        let refused = try one.call("GET", "/v1/me")
        expectProblem(refused, 401, "unauthorized")
        #expect(refused.header("WWW-Authenticate") != nil)
        #expect(try two.call("GET", "/v1/me").status == 200)
        let stranger = try root.account().client()
        let other = try person.client().authorization?.dropFirst("Bearer ".count) ?? ""
        expectProblem(
            try stranger.call("POST", "/v1/tokens/revoke", ["access_token": .string(String(other))]), 404, "not-found")
    }

    @Test func `only root issues tokens for others, and only for those that exist`() throws {
        let person = try root.account()
        let body: JSONValue = ["account_id": .string(person.id), "ttl_seconds": 60]
        #expect(try root.call("POST", "/v1/tokens", body).status == 201)
        expectProblem(try person.client().call("POST", "/v1/tokens", body), 403, "forbidden")
        expectProblem(try root.with(nil).call("POST", "/v1/tokens", body), 401, "unauthorized")
        let nobody: JSONValue = ["account_id": "11111111-1111-4111-8111-111111111111"]
        expectProblem(try root.call("POST", "/v1/tokens", nobody), 422, "invalid")
    }

    @Test func `credentials that are none are refused alike`() throws {
        let person = try root.account()
        let key = try person.keyClient().authorization ?? ""
        let values = [
            "Bearer", "Bearer ", "Bearer x", "Bearer a.b:c", "Basic !!!", "Digest x", "\(key)x", "bearer",
            "Bearer \(String(repeating: "a", count: 3000))", "Basic \(Base64.encode(Array("x:y".utf8)))",
        ]
        for value in values {
            let response = try root.call("GET", "/v1/me", headers: [("Authorization", value)])
            #expect(response.status == 401 && response.slug == "unauthorized", "\(value.prefix(20)) \(response.text)")
        }
        let key0 = String(key.dropFirst("Bearer ".count))
        let basic = Base64.encode(Array("\(person.name):\(key0)".utf8))
        #expect(try root.call("GET", "/v1/me", headers: [("Authorization", "Basic \(basic)")]).status == 200)
        let foreign = Base64.encode(Array("somebody:\(key0)".utf8))
        #expect(try root.call("GET", "/v1/me", headers: [("Authorization", "Basic \(foreign)")]).status == 401)
    }
}
