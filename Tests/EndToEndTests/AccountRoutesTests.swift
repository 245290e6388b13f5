import StrictJSON
import Testing

@Suite struct AccountRoutesTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `a new account is answered whole, with nothing missing and no secret`() throws {
        let name = Unique.name()
        let response = try root.call(
            "POST", "/v1/accounts",
            [
                "name": .string(name), "emails": ["a@example.org"], "profile": ["display_name": "A"],
                "password": "correct horse", "activated": true, "backup": ["data": "AAEC"],
            ])
        #expect(response.status == 201)
        let id = try #require(response["id"].stringValue)
        #expect(response.header("Location") == "/v1/accounts/\(id)")
        #expect(response.header("ETag") == "\"\(response["version"].integerValue ?? 0)\"")
        #expect(response.position == response["position"].integerValue)
        let members = Set((response.json.objectValue?.members ?? []).map(\.key))
        #expect(
            members == [
                "id", "system", "name", "emails", "profile", "activated", "blocked", "has_password", "backup",
                "remotes_auth", "keys", "devices", "space", "admin", "external_ids", "version", "position",
                "created_at", "updated_at",
            ])
        #expect(response["system"] == "native" && response["name"] == .string(name))
        #expect(response["emails"] == ["a@example.org"] && response["profile"] == ["display_name": "A"])
        #expect(response["activated"] == true && response["blocked"] == false && response["has_password"] == true)
        #expect(response["backup"]["version"] == 1 && response["backup"]["length"] == 3)
        #expect(response["keys"] == [] && response["devices"] == [] && response["space"] == .null)
        #expect(response["remotes_auth"] == ["key"])
        #expect(!response.text.contains("correct horse") && !response.text.contains("argon2"))
        let read = try root.call("GET", "/v1/accounts/\(id)")
        #expect(read.status == 200 && read.json == response.json && read.header("ETag") == response.header("ETag"))
    }

    @Test func `an account without anything is made with an empty body`() throws {
        let response = try root.call("POST", "/v1/accounts", JSONValue.object([:]))
        #expect(response.status == 201 && response["name"] == .null && response["activated"] == false)
        #expect(response["has_password"] == false && response["backup"] == .null)
    }

    @Test func `a backup that is too long for an event is stored with a new account`() throws {
        let data = Base64.encode([UInt8](repeating: 7, count: 200_000))
        let response = try root.call("POST", "/v1/accounts", ["backup": ["data": .string(data)]])
        #expect(response.status == 201, "\(response.text.prefix(300))")
        let id = response["id"].stringValue ?? ""
        #expect(try root.call("GET", "/v1/accounts/\(id)/backup")["data"] == .string(data))
    }

    @Test func `a merge patch changes what it names and leaves the rest`() throws {
        let person = try root.account([
            "emails": ["one@example.org"], "profile": ["keep": "1", "drop": "2", "change": "3"],
        ])
        let name = Unique.name("new")
        let response = try root.call(
            "PATCH", person.path,
            [
                "name": .string(name), "emails": ["two@example.org", "three@example.org"],
                "profile": ["drop": .null, "change": "4", "add": "5"],
            ])
        #expect(response.status == 200, "\(response.text)")
        #expect(response["name"] == .string(name) && response["emails"] == ["two@example.org", "three@example.org"])
        let profile = (response["profile"].objectValue?.members ?? []).map { "\($0.key)=\($0.value.stringValue ?? "")" }
        #expect(Set(profile) == ["keep=1", "change=4", "add=5"])
        #expect(try root.call("GET", person.path).json == response.json)
        let cleared = try root.call("PATCH", person.path, ["emails": .null, "profile": .null])
        #expect(cleared["emails"] == [] && cleared["profile"] == .object([:]))
    }

    @Test func `a patch that changes nothing appends nothing`() throws {
        let person = try root.account(["emails": ["same@example.org"], "profile": ["a": "b"]])
        let before = try person.version()
        for body: JSONValue in [.object([:]), ["emails": ["same@example.org"]], ["profile": ["a": "b"]]] {
            let response = try root.call("PATCH", person.path, body)
            #expect(response.status == 200 && response["version"].integerValue == before)
        }
        #expect(try person.version() == before)
    }

    @Test func `a name has one owner, also after the owner was erased`() throws {
        let person = try root.account()
        let taken = try root.call("POST", "/v1/accounts", ["name": .string(person.name)])
        expectProblem(taken, 409, "name-taken")
        #expect(taken["pointer"] == "/name")
        let other = try root.account()
        expectProblem(try root.call("PATCH", other.path, ["name": .string(person.name)]), 409, "name-taken")
        #expect(try root.call("DELETE", person.path).status == 204)
        expectProblem(try root.call("POST", "/v1/accounts", ["name": .string(person.name)]), 409, "name-taken")
    }

    @Test func `a name that was given up can be taken by another account`() throws {
        let person = try root.account()
        #expect(try root.call("PATCH", person.path, ["name": .string(Unique.name("moved"))]).status == 200)
        let other = try root.call("POST", "/v1/accounts", ["name": .string(person.name)])
        #expect(other.status == 201)
    }

    @Test func `a name cannot change once a key was issued`() throws {
        let person = try root.account()
        #expect(try root.call("POST", "\(person.path)/keys", JSONValue.object([:])).status == 201)
        expectProblem(try root.call("PATCH", person.path, ["name": .string(Unique.name())]), 409, "conflict")
    }

    @Test func `an erased account is gone for root and was never there for others`() throws {
        let person = try root.account(["emails": ["gone@example.org"]])
        let key = try person.keyClient()
        #expect(try key.call("GET", "/v1/me").status == 200)
        let erased = try root.call("DELETE", person.path)
        #expect(erased.status == 204 && erased.body.isEmpty && erased.position != nil)
        expectProblem(try root.call("GET", person.path), 410, "account-erased")
        expectProblem(try root.call("DELETE", person.path), 410, "account-erased")
        expectProblem(try root.call("PATCH", person.path, JSONValue.object([:])), 410, "account-erased")
        #expect(try key.call("GET", "/v1/me").status == 401)
        let stranger = try root.account().client()
        expectProblem(try stranger.call("GET", person.path), 404, "not-found")
        #expect(try root.call("GET", "/v1/accounts?name=\(person.name)").items.isEmpty)
    }

    @Test func `an account can erase itself`() throws {
        let person = try root.account()
        #expect(try person.client().call("DELETE", person.path).status == 204)
        expectProblem(try root.call("GET", person.path), 410, "account-erased")
    }

    @Test func `an account finds itself under me, and root has no self`() throws {
        let person = try root.account()
        let mine = try person.client().call("GET", "/v1/me")
        #expect(mine.status == 200 && mine["id"] == .string(person.id) && mine.header("ETag") != nil)
        expectProblem(try root.call("GET", "/v1/me"), 404, "not-found")
    }

    @Test func `administrators of an account come and go`() throws {
        let person = try root.account()
        let other = try root.account()
        let path = "\(person.path)/admins/\(other.id)"
        #expect(try root.call("PUT", path).status == 204)
        let version = try person.version()
        #expect(try root.call("PUT", path).status == 204)
        #expect(try person.version() == version, "again is no change")
        #expect(try root.call("DELETE", path).status == 204)
        let nobody = "\(person.path)/admins/11111111-1111-4111-8111-111111111111"
        expectProblem(try root.call("PUT", nobody), 404, "not-found")
    }

    @Test func `every answer names its request`() throws {
        let id = "8c0f9b3e-0c1d-4a57-9b55-2f0f1c1a2b3c"
        #expect(try root.call("GET", "/v1/head", headers: [("Request-Id", id)]).header("Request-Id") == id)
        let other = try root.call("GET", "/v1/nothing", headers: [("Request-Id", "x")]).header("Request-Id")
        #expect(other?.count == 36 && other != "x")
    }

    @Test func `methods that a path does not know are named, and HEAD is GET without a body`() throws {
        let person = try root.account()
        let response = try root.call("PUT", person.path, JSONValue.object([:]))
        expectProblem(response, 405, "method-not-allowed")
        let allowed = Set((response.header("Allow") ?? "").split(separator: ",").map { $0.filter { $0 != " " } })
        #expect(allowed.isSuperset(of: ["GET", "HEAD", "PATCH", "DELETE"]) && !allowed.contains("PUT"))
        let get = try root.call("GET", person.path)
        let head = try root.call("HEAD", person.path)
        #expect(head.status == 200 && head.body.isEmpty && head.header("ETag") == get.header("ETag"))
        #expect(head.header("Content-Length") == get.header("Content-Length"))
    }
}
