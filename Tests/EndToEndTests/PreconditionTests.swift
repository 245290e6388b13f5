import StrictJSON
import Testing

@Suite struct PreconditionTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `If-Match lets a command through on its version alone`() throws {
        let person = try root.account()
        let tag = try #require(try root.call("GET", person.path).header("ETag"))
        let first = try root.call("PATCH", person.path, ["profile": ["a": "1"]], headers: [("If-Match", tag)])
        #expect(first.status == 200)
        let late = try root.call("PATCH", person.path, ["profile": ["a": "2"]], headers: [("If-Match", tag)])
        expectProblem(late, 412, "precondition-failed")
        #expect(late["current_version"] == 2)
        let any = try root.call("PATCH", person.path, ["profile": ["a": "3"]], headers: [("If-Match", "*")])
        #expect(any.status == 200)
        for tag in ["\"999\"", "W/\"3\"", "\"x\""] {
            expectProblem(
                try root.call("POST", "\(person.path)/block", headers: [("If-Match", tag)]), 412, "precondition-failed")
        }
        for tag in ["3", "", "\"1\", \"3\"", "\"3"] {
            let response = try root.call("POST", "\(person.path)/block", headers: [("If-Match", tag)])
            #expect(response.status == 400 && response.slug == "malformed-request", "\(tag): \(response.text)")
        }
        #expect(try person.version() == 3)
    }

    @Test func `If-Match of two commands at once lets one through`() throws {
        let person = try root.account()
        let (root, path) = (root, person.path)
        let statuses = atOnce(10) { number in
            try root.call(
                "PATCH", path, ["profile": ["n": .string("\(number)")]], headers: [("If-Match", "\"1\"")]
            ).status
        }.compactMap { try? $0.get() }
        #expect(statuses.filter { $0 == 200 }.count == 1 && statuses.filter { $0 == 412 }.count == 9)
    }

    @Test func `a stranger learns no version from If-Match`() throws {
        let person = try root.account()
        let stranger = try root.account().client()
        let response = try stranger.call("POST", "\(person.path)/block", headers: [("If-Match", "\"9\"")])
        expectProblem(response, 404, "not-found")
        #expect(response["current_version"] == .null)
    }

    @Test(arguments: ["", "/backup", "/events", "/devices"])
    func `a position that the log does not have cannot be read`(_ part: String) throws {
        let person = try root.account(["backup": ["data": "AAEC"]])
        let path = person.path + part
        let head = try root.head()
        func read(_ position: String) throws -> Response {
            try root.call("GET", path, headers: [("Ledger-Min-Position", position)])
        }
        #expect(try read("\(head)").status == 200)
        let beyond = try read("9007199254740991")
        expectProblem(beyond, 503, "unavailable")
        #expect(beyond.header("Retry-After") != nil)
        #expect(try read("x").status == 400)
    }

    @Test func `If-Match is looked at before what the state forbids`() throws {
        let person = try root.account(["backup": ["data": "AAEC"]])
        let tag = try #require(try root.call("GET", person.path).header("ETag"))
        let put: JSONValue = ["version": 1, "data": "AAAA"]
        let matching = try root.call("PUT", "\(person.path)/backup", put, headers: [("If-Match", tag)])
        expectProblem(matching, 409, "version-conflict")
        let other = try root.call("PUT", "\(person.path)/backup", put, headers: [("If-Match", "\"99\"")])
        expectProblem(other, 412, "precondition-failed")
        #expect(other["current_version"].integerValue.map { "\"\($0)\"" } == tag)
        let nobody = "/v1/accounts/11111111-1111-4111-8111-111111111111/block"
        expectProblem(try root.call("POST", nobody, headers: [("If-Match", "\"9\"")]), 404, "not-found")
    }

    @Test(arguments: [
        "", "/backup", "/remotes-auth", "/devices", "/keys", "/events", "/backup/versions", "/backup/versions/1",
        "/devices?limit=1",
    ])
    func `If-None-Match spares an answer that is known`(_ part: String) throws {
        let person = try root.account(["backup": ["data": "AAEC"]])
        let path = person.path + part
        let tag = try #require(try root.call("GET", path).header("ETag"))
        let same = try root.call("GET", path, headers: [("If-None-Match", tag)])
        #expect(same.status == 304 && same.body.isEmpty && same.header("ETag") == tag)
        #expect(try root.call("GET", path, headers: [("If-None-Match", "\"7\", \(tag)")]).status == 304)
        #expect(try root.call("GET", path, headers: [("If-None-Match", "W/\(tag)")]).status == 304)
        #expect(try root.call("GET", path, headers: [("If-None-Match", "\"99\"")]).status == 200)
        _ = try root.call("PATCH", person.path, ["profile": ["x": "y"]])
        #expect(try root.call("GET", path, headers: [("If-None-Match", tag)]).status == 200)
    }
}
