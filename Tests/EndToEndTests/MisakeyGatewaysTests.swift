import StrictJSON
import Testing

/// What one gateway acknowledged, the next request finds on another, and nothing is refused by what was.
@Suite struct MisakeyGatewaysTests {
    @Test func `an account made on one gateway is owned at once on the other`() throws {
        let deployment = try Deployment()
        let (one, two) = (try deployment.serve(), try deployment.serve())
        for _ in 0..<20 {
            var person = try MisakeyPerson(one.root)
            let strong = two.root.with(try person.token(2))
            // The other gateway knows the identity as it was, without an account.
            expectMisakey(
                try strong.call("GET", "/crypto/secret-storage"), 403, "forbidden", "headers",
                ["account_id": "forbidden"])
            person.account = try #require(try person.create()["id"].stringValue)
            let put = try strong.call("PUT", person.backup, ["data": "YQ==", "version": 2])
            #expect(put.status == 204, "\(put.text)")
            #expect(try one.root.with(person.token(2)).call("GET", person.backup)["version"] == 2)
            let change: JSONValue = [
                "old_prehashed_password": Prehash.one(), "new_prehashed_password": Prehash.other(),
                "backup_data": "Yg==", "backup_version": 3,
            ]
            #expect(try person.client().call("PUT", person.password, change).status == 204)
            #expect(try strong.call("GET", person.backup)["version"] == 3)
            #expect(try two.root.with(nil).call("GET", person.parameters)["memory"] == 2_048)
            _ = try one.root.call("PATCH", "/v1/identities/\(person.identity)", ["mfa": "totp"])
            _ = try one.root.call("PATCH", "/v1/identities/\(person.identity)", ["mfa": "disabled"])
            let reset = try two.root.with(person.token(1)).call(
                "PUT", "/accounts/\(person.account)/set-password",
                ["prehashed_password": Prehash.one(), "secret_storage": Storage.one()])
            #expect(reset.status == 204, "\(reset.text)")
        }
    }
}
