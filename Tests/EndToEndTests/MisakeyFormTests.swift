import StrictJSON
import Testing

/// The form of requests at the Misakey door, before anything is looked at (docs/misakey.md).
@Suite struct MisakeyFormTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `a body that is missing is told as the body, for who sends none says no type`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let calls: [(Client, String, String)] = [
            (try person.client(1), "POST", "/identities/\(person.identity)/account"),
            (try person.client(), "PUT", person.backup), (try person.client(), "PUT", person.password),
            (try person.client(), "PUT", "/accounts/\(person.account)/set-password"),
            (try person.client(), "POST", "/crypto/migration/v2"),
            (try person.client(), "POST", "/crypto/secret-storage/asym-keys"),
            (try person.client(), "DELETE", "/crypto/secret-storage/asym-keys"),
            (try person.client(), "PUT", "/crypto/secret-storage/box-key-shares/\(Storage.box)"),
            (try person.client(), "DELETE", "/crypto/secret-storage/box-key-shares"),
            (root.with(nil), "PUT", "/auth/identities"), (root.with(nil), "POST", "/auth/login/authn-step"),
        ]
        for (client, method, path) in calls {
            expectMisakey(try client.call(method, path), 400, "bad_request", "body", [:], "\(method) \(path)")
            expectMisakey(
                try client.call(method, path, headers: [("Content-Type", "text/plain"), ("Content-Length", "0")]),
                400, "bad_request", "body", [:], "\(method) \(path)")
        }
    }

    @Test(arguments: ["a%2Fb", "%2e%2e", "%2F", "%00", "%FF", "{}", "1", "00000000-0000-0000-0000-000000000000"])
    func `an id that is none is malformed, however it is spelt`(id: String) throws {
        let client = try MisakeyPerson.withAccount(root).client()
        for (method, path, name) in [
            ("GET", "/accounts/\(id)/backup", "account_id"), ("GET", "/accounts/\(id)/pwd-params", "account_id"),
            ("PUT", "/account/\(id)/password", "account_id"), ("GET", "/identities/\(id)", "identity_id"),
            ("PUT", "/crypto/secret-storage/box-key-shares/\(id)", "box_id"),
        ] {
            expectMisakey(try client.call(method, path), 400, "bad_request", "path", [name: "malformed"], "\(path)")
        }
    }

    @Test(arguments: [
        "/accounts", "/accounts/", "/account", "/account/x", "/identities/", "/csrf/", "/crypto/", "/auth/",
    ])
    func `what stands before the ids is answered in the dialect too`(path: String) throws {
        for method in ["GET", "POST"] {
            expectMisakey(try root.with(nil).call(method, path), 404, "not_found", "path", [:], "\(method) \(path)")
        }
    }
}
