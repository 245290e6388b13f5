import StrictJSON
import Testing

/// Input that makes no sense, at every field of every route: refused as the contract says, and never an event.
@Suite(.serialized) final class BadInputTests: Sendable {
    /// A service of its own, so that the head tells whether anything was appended.
    private static let service = Result { try Service() }
    let root: Client

    init() throws { root = try Self.service.get().root }

    /// What each route is given: a target in place, and the head before.
    private func world() throws -> BadInput.World {
        let person = try root.account(["password": "old password", "backup": ["data": "AAAA"]])
        _ = try root.call("POST", "\(person.path)/devices", ["id": "d"])
        let identity = try root.call("POST", "/v1/identities", ["identifier": .string("\(Unique.name())@example.org")])
        let domain = Unique.domain()
        let place = JSONValue.string(domain)
        _ = try root.call("POST", "/v1/spaces", ["name": place, "domain": place, "host": place])
        let key = try root.call("POST", "\(person.path)/keys", JSONValue.object([:]))["id"].stringValue ?? ""
        return BadInput.World(
            account: person.id, identity: identity["id"].stringValue ?? "", domain: domain, key: key)
    }

    @Test(arguments: BadInput.routes)
    func `a field of the wrong kind is refused and named`(_ route: BadInput.Route) throws {
        let world = try world()
        let head = try root.head()
        for field in route.fields {
            for value in field.wrong {
                let body = try field.replaced(in: route.body(world), with: value)
                let response = try root.call(route.method, route.path(world), bytes: body)
                let what: Comment = "\(field.name) = \(value.prefix(40))"
                #expect((400..<500).contains(response.status), "\(what) \(response.status) \(response.text)")
                #expect(["invalid", "malformed-json"].contains(response.slug), "\(what) \(response.text)")
                if response.slug == "invalid" {
                    #expect(response.pointers.contains { $0.hasPrefix("/\(field.name)") }, "\(what) \(response.text)")
                }
            }
        }
        for field in route.fields where field.isRequired {
            for body in [
                try field.removed(from: route.body(world)), try field.replaced(in: route.body(world), with: "null"),
            ] {
                let response = try root.call(route.method, route.path(world), bytes: body)
                #expect(response.status == 422 && response.slug == "invalid", "\(field.name) \(response.text)")
            }
        }
        #expect(try root.head() == head, "no event")
    }

    @Test(arguments: BadInput.routes)
    func `an optional field may be null or is refused, and nothing breaks`(_ route: BadInput.Route) throws {
        for field in route.fields where !field.isRequired {
            let world = try world()
            let body = try field.replaced(in: route.body(world), with: "null")
            let response = try root.call(route.method, route.path(world), bytes: body)
            #expect(response.status < 500, "\(field.name) \(response.status) \(response.text)")
        }
    }

    @Test(arguments: BadInput.routes)
    func `a body that is no such JSON is refused whole`(_ route: BadInput.Route) throws {
        let world = try world()
        let path = route.path(world)
        let body = try route.body(world)
        let head = try root.head()
        for (name, bytes) in BadInput.brokenBodies(of: body) {
            let response = try root.call(route.method, path, bytes: bytes)
            #expect((400..<500).contains(response.status) && response.slug != nil, "\(name) \(response.text)")
            if name.hasPrefix("400") {
                #expect(response.status == 400 && response.slug == "malformed-json", "\(name) \(response.text)")
            }
        }
        let unknown = Array(body.dropLast()) + Array("\(body.count > 2 ? "," : "")\"unknown_member\":1}".utf8)
        let response = try root.call(route.method, path, bytes: unknown)
        expectProblem(response, 422, "invalid", "unknown member")
        #expect(response.pointers == ["/unknown_member"])
        for type in [nil, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            let connection = try HTTPConnection(port: root.port)
            var headers = [("Authorization", root.authorization ?? "")]
            if let type { headers.append(("Content-Type", type)) }
            try connection.send(route.method, path, headers, body: body)
            expectProblem(try connection.readResponse(), 415, "unsupported-media-type", "\(type ?? "none")")
        }
        if !route.isUpload {
            let long = Array("{\"x\":\"".utf8) + [UInt8](repeating: 97, count: 1 << 20) + Array("\"}".utf8)
            expectProblem(try root.call(route.method, path, bytes: long), 413, "too-large")
        }
        #expect(try root.head() == head, "no event")
    }

    @Test func `everything that is wrong is told at once`() throws {
        let response = try root.call(
            "POST", "/v1/accounts",
            [
                "name": "NO", "emails": ["ok@example.org", "x"], "profile": ["a": 1], "password": "1",
                "activated": "yes",
            ])
        expectProblem(response, 422, "invalid")
        #expect(Set(response.pointers) == ["/name", "/emails/1", "/profile/a", "/password", "/activated"])
    }

    static let wrongIDs = [
        "x", "0", "00000000-0000-0000-0000-000000000000", "11111111-1111-4111-8111-111111111111",
        "11111111-1111-4111-8111-11111111111", "{11111111-1111-4111-8111-111111111111}", "%20", "%00", "%FF",
        "..%2f..", String(repeating: "a", count: 2000), "é",
    ]

    @Test(arguments: wrongIDs)
    func `an id that is none names nothing`(_ id: String) throws {
        let head = try root.head()
        for route in BadInput.pathsWithIDs {
            let path = route.path.replacing("ID", with: id)
            let response = try root.call(route.method, path, bytes: route.body.map { Array($0.utf8) })
            #expect(
                [400, 404].contains(response.status) && response.slug != nil,
                "\(route.method) \(path.prefix(60)) \(response.status) \(response.text)")
        }
        #expect(try root.head() == head, "no event")
    }

    @Test func `an id in upper case is not the account's`() throws {
        let person = try root.account()
        expectProblem(try root.call("GET", "/v1/accounts/\(person.id.uppercased())"), 404, "not-found")
    }

    @Test func `ids of another kind of stream name nothing`() throws {
        let world = try world()
        let head = try root.head()
        for (method, path, body) in [
            ("GET", "/v1/accounts/\(world.identity)", nil), ("DELETE", "/v1/accounts/\(world.identity)", nil),
            ("PATCH", "/v1/accounts/\(world.identity)", "{\"profile\":{\"a\":\"b\"}}"),
            ("POST", "/v1/accounts/\(world.identity)/keys", "{}"), ("GET", "/v1/identities/\(world.account)", nil),
            ("PATCH", "/v1/identities/\(world.account)", "{\"mfa\":\"totp\"}"),
            ("DELETE", "/v1/identities/\(world.account)", nil),
            ("PUT", "/v1/accounts/\(world.account)/admins/\(world.identity)", nil),
        ] as [(String, String, String?)] {
            let response = try root.call(method, path, bytes: body.map { Array($0.utf8) })
            expectProblem(response, 404, "not-found", "\(method) \(path)")
        }
        let account: JSONValue = ["account_id": .string(world.identity)]
        expectProblem(try root.call("POST", "/v1/identities/\(world.identity)/link", account), 422, "invalid")
        expectProblem(try root.call("POST", "/v1/tokens", account), 422, "invalid")
        expectProblem(
            try root.call("POST", "/v1/tokens", ["identity_id": .string(world.account), "acr": 1]), 422, "invalid")
        #expect(try root.head() == head, "no event")
    }

    @Test(arguments: ["Idempotency-Key", "If-Match", "Authorization", "Ledger-Min-Position", "Content-Type"])
    func `a header given twice is refused`(_ name: String) throws {
        let person = try root.account()
        let connection = try HTTPConnection(port: root.port)
        let value = name == "Authorization" ? root.authorization ?? "" : "1"
        var headers = [(name, value), (name, value), ("Authorization", root.authorization ?? "")]
        if name == "Authorization" { headers.removeLast() }
        if name != "Content-Type" { headers.append(("Content-Type", "application/json")) }
        try connection.send("GET", person.path, headers)
        let get = try connection.readResponse()
        #expect(get.status < 500, "\(get.text)")
        try connection.send("PATCH", person.path, headers, body: Array("{\"profile\":{\"a\":\"b\"}}".utf8))
        let patch = try connection.readResponse()
        #expect(
            name == "Ledger-Min-Position" || (400..<500).contains(patch.status), "\(patch.status) \(patch.text)")
    }
}
