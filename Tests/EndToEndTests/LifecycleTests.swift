import StrictJSON
import Testing

@Suite struct LifecycleTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test(arguments: [
        ("activate", "deactivate", "activated", true), ("deactivate", "activate", "activated", false),
        ("block", "unblock", "blocked", true), ("unblock", "block", "blocked", false),
    ])
    func `a state is entered once`(_ act: String, _ opposite: String, _ member: String, _ value: Bool) throws {
        let person = try root.account()
        _ = try root.call("POST", "\(person.path)/\(opposite)")
        let before = try person.version()
        let first = try root.call("POST", "\(person.path)/\(act)", ["reason": "because"])
        #expect(first.status == 200 && first[member] == .bool(value), "\(first.text)")
        #expect(first["version"].integerValue == before + 1)
        let again = try root.call("POST", "\(person.path)/\(act)")
        #expect(again.status == 200 && again["version"].integerValue == before + 1, "no event for no change")
        #expect(again.header("ETag") == first.header("ETag") && (again.position ?? 0) >= (first.position ?? .max))
    }

    @Test func `an owner may deactivate itself and not activate again`() throws {
        let person = try root.account(["activated": true])
        let owner = try person.client()
        let response = try owner.call("POST", "\(person.path)/deactivate")
        #expect(response.status == 200 && response["activated"] == false)
        for act in ["activate", "block", "unblock"] {
            expectProblem(try owner.call("POST", "\(person.path)/\(act)"), 403, "forbidden")
        }
    }

    @Test func `a blocked account's credentials stop at once, and work again when it is unblocked`() throws {
        let person = try root.account(["password": "a long password"])
        let (token, key) = (try person.client(), try person.keyClient())
        #expect(try root.call("POST", "\(person.path)/block", ["reason": "x"]).status == 200)
        for client in [token, key] {
            expectProblem(try client.call("GET", "/v1/me"), 403, "account-blocked")
            expectProblem(try client.call("PATCH", person.path, ["profile": ["a": "b"]]), 403, "account-blocked")
        }
        let logIn: JSONValue = ["name": .string(person.name), "password": "a long password"]
        expectProblem(try root.with(nil).call("POST", "/v1/tokens", logIn), 403, "account-blocked")
        #expect(try root.call("POST", "\(person.path)/unblock").status == 200)
        #expect(try token.call("GET", "/v1/me").status == 200)
        #expect(try key.call("GET", "/v1/me").status == 200)
    }

    @Test func `a reason is told to the owner in the account's events and to nobody in the list`() throws {
        let person = try root.account()
        let reason = Unique.name("reason")
        _ = try root.call("POST", "\(person.path)/block", ["reason": .string(reason)])
        let events = try root.call("GET", "\(person.path)/events")
        #expect(events.text.contains(reason))
        #expect(try !root.call("GET", "/v1/events?stream=\(person.id)").text.contains(reason))
        #expect(try !root.call("GET", person.path).text.contains(reason))
    }
}
