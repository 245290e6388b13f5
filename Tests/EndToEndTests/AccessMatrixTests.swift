import StrictJSON
import Testing

/// Every route with every kind of caller.
@Suite struct AccessMatrixTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    struct Row: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        let body: JSONValue?
        /// What the owner gets: as root, unless it is said.
        var owner: Int?
        /// What an administrator of the Space gets: as root, unless it is said.
        var administrator: Int?

        init(_ method: String, _ path: String, _ body: JSONValue? = nil, owner: Int? = nil, administrator: Int? = nil) {
            self.method = method
            self.path = path
            self.body = body
            self.owner = owner
            self.administrator = administrator
        }

        var testDescription: String { "\(method) \(path)" }
    }

    /// Routes of one account.
    static let ofAccounts: [Row] = [
        Row("GET", ""), Row("PATCH", "", ["profile": ["a": "b"]]), Row("DELETE", ""),
        Row("PATCH", "", ["admin": true], owner: 403, administrator: 403),
        Row("POST", "/activate", owner: 403), Row("POST", "/deactivate"),
        Row("POST", "/block", owner: 403), Row("POST", "/unblock", owner: 403),
        Row("PUT", "/password", ["new_password": "123456"], owner: 422),
        Row("PUT", "/password", ["old_password": "old password", "new_password": "123456"]),
        Row("POST", "/password/verify", ["password": "old password"]),
        Row("PUT", "/backup", ["version": 2, "data": "AAAA"]), Row("GET", "/backup"), Row("GET", "/backup/versions"),
        Row("GET", "/backup/versions/1"), Row("POST", "/devices", ["id": "new"]), Row("GET", "/devices"),
        Row("PATCH", "/devices/d", ["name": "n"]), Row("POST", "/devices/d/revoke"), Row("GET", "/remotes-auth"),
        Row("PATCH", "/remotes-auth", ["insert": ["jwt"]]), Row("POST", "/keys", .object([:])), Row("GET", "/keys"),
        Row("DELETE", "/keys/KEY"), Row("PUT", "/admins/OTHER"), Row("DELETE", "/admins/OTHER"), Row("GET", "/events"),
    ]

    @Test(arguments: ofAccounts)
    func `an account answers its owner, its Space's administrator and root`(_ row: Row) throws {
        let domain = JSONValue.string(Unique.domain())
        _ = try root.call("POST", "/v1/spaces", ["name": domain, "domain": domain, "host": domain])
        let boss = try root.account(["space": domain])
        _ = try root.call("PATCH", boss.path, ["admin": true])
        func target() throws -> (Person, String) {
            let person = try root.account([
                "space": domain, "password": "old password", "backup": ["data": "AAAA"], "activated": true,
            ])
            _ = try root.call("POST", "\(person.path)/devices", ["id": "d"])
            let key = try root.call("POST", "\(person.path)/keys", JSONValue.object([:]))["id"].stringValue ?? ""
            let path = row.path.replacing("KEY", with: key).replacing("OTHER", with: boss.id)
            return (person, person.path + path)
        }
        let (person, path) = try target()
        let version = try person.version()
        let refused = try root.with(nil).call(row.method, path, row.body)
        expectProblem(refused, 401, "unauthorized", "anonymous")
        #expect(refused.header("WWW-Authenticate") != nil)
        let blocked = try root.account(["space": domain])
        let blockedClient = try blocked.client()
        _ = try root.call("POST", "\(blocked.path)/block")
        expectProblem(try blockedClient.call(row.method, path, row.body), 403, "account-blocked", "blocked")
        expectProblem(
            try blockedClient.call(row.method, path.replacing(person.id, with: blocked.id), row.body), 403,
            "account-blocked", "blocked itself")
        for stranger in [try root.account(), try root.account(["space": domain])] {
            expectProblem(try stranger.client().call(row.method, path, row.body), 404, "not-found", "stranger")
        }
        #expect(try person.version() == version, "nobody changed it")
        let rootStatus = try root.call(row.method, path, row.body).status
        #expect((200..<300).contains(rootStatus), "root \(rootStatus)")
        let (own, ownPath) = try target()
        let owner = try own.client().call(row.method, ownPath, row.body)
        #expect(owner.status == row.owner ?? rootStatus, "owner: \(owner.text)")
        let (_, theirs) = try target()
        let administrator = try boss.client().call(row.method, theirs, row.body)
        #expect(administrator.status == row.administrator ?? rootStatus, "administrator: \(administrator.text)")
    }

    static let ofRoot: [Row] = [
        Row("POST", "/v1/identities", ["identifier": "x"]), Row("GET", "/v1/identities"),
        Row("GET", "/v1/identities/ID"),
        Row("PATCH", "/v1/identities/ID", ["mfa": "totp"]), Row("DELETE", "/v1/identities/ID"),
        Row("POST", "/v1/identities/ID/link", ["account_id": "x"]),
        Row("POST", "/v1/identities/ID/unlink", ["account_id": "x"]), Row("POST", "/v1/spaces", ["name": "x"]),
        Row("GET", "/v1/spaces"), Row("GET", "/v1/spaces/DOMAIN"), Row("PATCH", "/v1/spaces/DOMAIN", ["name": "x"]),
        Row("DELETE", "/v1/spaces/DOMAIN"), Row("GET", "/v1/projections"), Row("GET", "/v1/projections/accounts"),
        Row("POST", "/v1/projections/none/rebuild"), Row("POST", "/v1/projections/none/parked/ID/retry"),
        Row("DELETE", "/v1/rebuilds/ID"),
    ]

    @Test(arguments: ofRoot)
    func `what is root's is refused to everybody else`(_ row: Row) throws {
        let domain = JSONValue.string(Unique.domain())
        _ = try root.call("POST", "/v1/spaces", ["name": domain, "domain": domain, "host": domain])
        let made = try root.call("POST", "/v1/identities", ["identifier": .string("\(Unique.name())@example.org")])
        let path = row.path.replacing("ID", with: made["id"].stringValue ?? "")
            .replacing("DOMAIN", with: domain.stringValue ?? "")
        expectProblem(try root.with(nil).call(row.method, path, row.body), 401, "unauthorized")
        let boss = try root.account(["space": domain])
        _ = try root.call("PATCH", boss.path, ["admin": true])
        for person in [try root.account(), boss] {
            expectProblem(try person.client().call(row.method, path, row.body), 403, "forbidden")
        }
        let blocked = try root.account()
        let client = try blocked.client()
        _ = try root.call("POST", "\(blocked.path)/block")
        expectProblem(try client.call(row.method, path, row.body), 403, "account-blocked")
        if row.method == "GET" { #expect(try root.call(row.method, path).status == 200) }
    }

    @Test(arguments: ["/v1/accounts", "/v1/me", "/v1/head", "/v1/events", "/v1/events/1", "/v1/nothing"])
    func `strangers are told nothing`(_ path: String) throws {
        let response = try root.with(nil).call("GET", path)
        #expect(response.status == (path == "/v1/nothing" ? 404 : 401) && response.slug != nil, "\(response.text)")
    }

    @Test(arguments: ["/health/live", "/health/ready", "/problems/not-found", "/openapi.yaml"])
    func `what is public needs no credential`(_ path: String) throws {
        #expect(try root.with(nil).call("GET", path).status == 200)
    }
}
