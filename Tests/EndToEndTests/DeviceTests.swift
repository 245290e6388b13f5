import StrictJSON
import Testing

@Suite struct DeviceTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `a device is added, renamed and revoked for good`() throws {
        let person = try root.account()
        let path = "\(person.path)/devices"
        let added = try root.call("POST", path, ["id": "Phone.1", "name": "my phone", "public_key": "PEM"])
        #expect(added.status == 201 && added["id"] == "Phone.1" && added["name"] == "my phone", "\(added.text)")
        #expect(added["added_at"].stringValue != nil && added["revoked_at"] == .null)
        expectProblem(try root.call("POST", path, ["id": "Phone.1"]), 409, "device-exists")
        let renamed = try root.call("PATCH", "\(path)/Phone.1", ["name": "other"])
        #expect(renamed.status == 200 && renamed["name"] == "other")
        let revoked = try root.call("POST", "\(path)/Phone.1/revoke", ["reason": "lost"])
        #expect(revoked.status == 200 && revoked["revoked_at"].stringValue != nil, "\(revoked.text)")
        let again = try root.call("POST", "\(path)/Phone.1/revoke")
        #expect(again.status == 200 && again["revoked_at"] == revoked["revoked_at"])
        #expect(again.header("ETag") == revoked.header("ETag"))
        expectProblem(try root.call("PATCH", "\(path)/Phone.1", ["name": "third"]), 409, "device-revoked")
        let taken = try root.call("POST", path, ["id": "Phone.1"])
        #expect(taken.status == 409 && ["device-exists", "device-revoked"].contains(taken.slug), "\(taken.text)")
        for body: JSONValue in [["name": "x"]] {
            expectProblem(try root.call("PATCH", "\(path)/none", body), 404, "not-found")
        }
        expectProblem(try root.call("POST", "\(path)/none/revoke"), 404, "not-found")
    }

    @Test func `devices are listed page by page in the order they came`() throws {
        let person = try root.account()
        for number in 0..<7 {
            #expect(try root.call("POST", "\(person.path)/devices", ["id": .string("d\(number)")]).status == 201)
        }
        let drawn = try root.call("POST", "\(person.path)/devices", JSONValue.object([:]))
        #expect(drawn.status == 201 && drawn["id"].stringValue?.isEmpty == false)
        let all = try root.all("\(person.path)/devices", limit: 3)
        #expect(all.map { $0["id"].stringValue } == (0..<7).map { "d\($0)" } + [drawn["id"].stringValue])
        #expect(try root.call("GET", person.path)["devices"].arrayValue?.count == 8)
    }
}
