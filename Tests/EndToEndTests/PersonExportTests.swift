import Foundation
import StrictJSON
import Testing

/// The export holds everything that the service holds about a person, and nothing that only checks a secret.
@Suite struct PersonExportTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `a person gets everything, boxes and blobs opened`() throws {
        let word = Unique.name("export")
        let person = try root.account([
            "emails": [.string("\(word)@example.org")], "profile": ["nick": .string("\(word)-nick")],
            "password": "a long password",
        ])
        let identity = try root.call("POST", "/v1/identities", ["identifier": .string("\(word).id@example.org")])
        let identityPath = "/v1/identities/\(identity["id"].stringValue ?? "")"
        #expect(try root.call("POST", "\(identityPath)/link", ["account_id": .string(person.id)]).status == 200)
        let small = Array("\(word)-small".utf8)
        let large = (0..<1_300_001).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        for (index, data) in [small, large, []].enumerated() {
            let body: JSONValue = ["version": .integer(Int64(index + 1)), "data": .string(Base64.encode(data))]
            #expect(try root.call("PUT", "\(person.path)/backup", body).status == 200)
        }
        let device: JSONValue = ["id": "phone", "name": .string("\(word)-phone"), "public_key": "a key"]
        #expect(try root.call("POST", "\(person.path)/devices", device).status == 201)
        #expect(
            try root.call("POST", "\(person.path)/devices/phone/revoke", ["reason": .string("\(word)-why")]).status
                == 200)
        let owner = try person.keyClient()
        for number in 1...70 {
            let patch: JSONValue = ["profile": ["n": .string("\(number)")]]
            #expect(try root.call("PATCH", person.path, patch).status == 200)
        }

        let account = try root.call("GET", person.path)
        let export = try owner.call("GET", "\(person.path)/export")
        #expect(
            export.status == 200 && export.header("Content-Type") == "application/json", "\(export.text.prefix(300))")
        #expect(export.header("ETag") == account.header("ETag"))
        #expect(export["account"] == account.json)
        let feed = try root.call("GET", "/v1/events?limit=1").items
        #expect(export["source"] == feed.first?["source"])
        #expect(export["devices"].arrayValue?.first?["reason"] == .string("\(word)-why"))
        #expect(export["devices"].arrayValue?.first?["public_key"] == "a key")
        #expect(export["keys"].arrayValue?.count == 1)
        #expect(export["events"] == .array(try root.all("\(person.path)/events", limit: 7)))
        let backups = export["backups"].arrayValue ?? []
        #expect(backups.map { $0["data"].stringValue } == [small, large, []].map { Base64.encode($0) })
        #expect(backups.map { $0["version"] } == [1, 2, 3])
        let identities = export["identities"].arrayValue ?? []
        #expect(identities.map { $0["identifier"] } == [.string("\(word).id@example.org")])
        #expect(
            identities.first?["events"].arrayValue?.map { $0["type"] } == ["identity.created.v1", "identity.linked.v1"])
        for secret in ["$argon2", "phc", "secret_digest"] {
            #expect(!export.text.contains(secret), "\(secret) is nobody's to see")
        }
        #expect(try root.call("GET", "\(person.path)/export")["events"] == export["events"])
        #expect(try root.call("HEAD", "\(person.path)/export").status == 200)

        let past = try root.call("GET", "\(person.path)/export?at=\(account["position"].integerValue ?? 0)")
        #expect(past["account"]["version"] == account["version"])
        let early = export["events"].arrayValue?[3]["sequence"].stringValue ?? ""
        let then = try root.call("GET", "\(person.path)/export?at=\(early)")
        #expect(then["events"].arrayValue?.count == 4 && then["account"]["version"] == 4)
        #expect((then["backups"].arrayValue?.count ?? 9) < 3 && then["devices"].arrayValue?.isEmpty == true)
    }

    @Test func `only the person and root may have it`() throws {
        let domain = Unique.domain()
        let space: JSONValue = ["name": .string(domain), "domain": .string(domain), "host": .string(domain)]
        #expect(try root.call("POST", "/v1/spaces", space).status == 201)
        let person = try root.account(["space": .string(domain)])
        let admin = try root.account(["space": .string(domain)])
        #expect(try root.call("PATCH", admin.path, ["admin": true]).status == 200)
        expectProblem(try admin.client().call("GET", "\(person.path)/export"), 403, "forbidden")
        expectProblem(try root.account().client().call("GET", "\(person.path)/export"), 404, "not-found")
        expectProblem(try root.with(nil).call("GET", "\(person.path)/export"), 401, "unauthorized")
        #expect(try person.client().call("GET", "\(person.path)/export").status == 200)
        #expect(try admin.client().call("GET", "\(admin.path)/export").status == 200)
    }
}
