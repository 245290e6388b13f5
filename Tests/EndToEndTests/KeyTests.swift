import StrictJSON
import Testing

@Suite struct KeyTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `a key opens its account until it is revoked, and its secret is shown once`() throws {
        let person = try root.account()
        let issued = try root.call("POST", "\(person.path)/keys", ["name": "laptop"])
        #expect(issued.status == 201 && issued["name"] == "laptop", "\(issued.text)")
        let key = try #require(issued["key"].stringValue)
        let id = try #require(issued["id"].stringValue)
        let owner = root.with(key)
        #expect(try owner.call("GET", "/v1/me")["id"] == .string(person.id))
        let list = try root.call("GET", "\(person.path)/keys")
        #expect(list.items.count == 1 && list.items[0]["id"] == .string(id) && list.items[0]["revoked_at"] == .null)
        let secret = key.split(separator: ":").last.map { String($0) } ?? ""
        #expect(!list.text.contains(secret))
        #expect(try !root.call("GET", person.path).text.contains(secret))
        #expect(try !root.call("GET", "\(person.path)/events").text.contains(secret))
        #expect(try root.call("DELETE", "\(person.path)/keys/\(id)").status == 204)
        #expect(try owner.call("GET", "/v1/me").status == 401)
        #expect(try root.call("GET", "\(person.path)/keys").items[0]["revoked_at"].stringValue != nil)
        for name in ["none", "000000", id.uppercased() + "0"] {
            expectProblem(try root.call("DELETE", "\(person.path)/keys/\(name)"), 404, "not-found")
        }
    }

    @Test func `an RSA key carries its pair, the private half this once`() throws {
        let person = try root.account()
        let issued = try root.call("POST", "\(person.path)/keys", ["type": "rsa"])
        #expect(issued.status == 201 && issued["type"] == "rsa")
        #expect(issued["rsa"]["public"].stringValue != nil && issued["rsa"]["private"].stringValue != nil)
        let service = try root.call("POST", "\(person.path)/keys", ["type": "flexisip-service"])
        #expect(service.status == 201 && service["type"] == "flexisip-service" && service["rsa"] == .null)
    }

    @Test func `a key of one account does nothing to another`() throws {
        let (one, two) = (try root.account(), try root.account())
        let key = try one.keyClient()
        expectProblem(try key.call("GET", two.path), 404, "not-found")
        expectProblem(try key.call("POST", "\(two.path)/keys", JSONValue.object([:])), 404, "not-found")
        let other = try root.call("POST", "\(two.path)/keys", JSONValue.object([:]))["id"].stringValue ?? ""
        expectProblem(try root.call("DELETE", "\(one.path)/keys/\(other)"), 404, "not-found")
    }
}
