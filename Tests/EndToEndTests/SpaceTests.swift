import StrictJSON
import Testing

@Suite struct SpaceTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private func space(_ members: JSONObject = JSONObject()) throws -> String {
        let domain = Unique.domain()
        var body: JSONObject = ["name": .string(domain), "domain": .string(domain), "host": .string(domain)]
        for member in members.members { body.set(member.key, to: member.value) }
        let response = try root.call("POST", "/v1/spaces", .object(body))
        #expect(response.status == 201, "\(response.text)")
        return domain
    }

    @Test func `a Space is made, read, listed and patched`() throws {
        let domain = try space(["max_accounts": 5, "realm": "r.example.org", "email_unique": true])
        let read = try root.call("GET", "/v1/spaces/\(domain)")
        #expect(read.status == 200 && read["domain"] == .string(domain) && read["max_accounts"] == 5)
        #expect(read["realm"] == "r.example.org" && read["email_unique"] == true && read["closed"] == false)
        #expect(try root.all("/v1/spaces", limit: 2).contains { $0["domain"] == .string(domain) })
        let patched = try root.call("PATCH", "/v1/spaces/\(domain)", ["max_accounts": .null, "realm": .null])
        #expect(patched.status == 200 && patched["max_accounts"] == .null && patched["realm"] == .null)
        #expect(try root.call("GET", "/v1/spaces/\(domain)").json == patched.json)
        let taken = try root.call(
            "POST", "/v1/spaces", ["name": .string(Unique.name()), "domain": .string(domain), "host": "h.example.org"])
        expectProblem(taken, 409, "name-taken")
        #expect(taken["pointer"] == "/domain")
        expectProblem(try root.call("GET", "/v1/spaces/none.example.org"), 404, "not-found")
        expectProblem(try root.call("PATCH", "/v1/spaces/\(domain)", ["domain": "x.example.org"]), 422, "invalid")
    }

    @Test func `a Space holds as many accounts as it may, also when they come at once`() throws {
        let domain = try space(["max_accounts": 3])
        let root = root
        let outcomes = atOnce(8) { _ in
            try root.call("POST", "/v1/accounts", ["name": .string(Unique.name()), "space": .string(domain)])
        }.compactMap { try? $0.get() }
        #expect(outcomes.filter { $0.status == 201 }.count == 3)
        for response in outcomes where response.status != 201 { expectProblem(response, 403, "quota-exceeded") }
        #expect(try root.call("GET", "/v1/spaces/\(domain)")["accounts"] == 3)
        let made = try #require(outcomes.first { $0.status == 201 }?["id"].stringValue)
        #expect(try root.call("DELETE", "/v1/accounts/\(made)").status == 204)
        #expect(try root.call("POST", "/v1/accounts", ["space": .string(domain)]).status == 201)
        expectProblem(try root.call("PATCH", "/v1/spaces/\(domain)", ["max_accounts": 2]), 409, "conflict")
    }

    @Test func `the rules of a Space bind its accounts, and present accounts bind its rules`() throws {
        let domain = try space(["username_min_length": 6, "password_min_length": 12, "email_unique": true])
        let place = JSONValue.string(domain)
        let short = try root.call("POST", "/v1/accounts", ["name": "abc", "space": place])
        expectProblem(short, 422, "invalid")
        #expect(short.pointers == ["/name"])
        let weak = try root.call("POST", "/v1/accounts", ["password": "12345678901", "space": place])
        #expect(weak.status == 422 && weak.pointers == ["/password"])
        let mail = "\(Unique.name())@example.org"
        let person = try root.account(["space": place, "emails": [.string(mail)]])
        let taken = try root.call("POST", "/v1/accounts", ["space": place, "emails": [.string(mail)]])
        expectProblem(taken, 409, "name-taken")
        #expect(taken["pointer"] == "/emails")
        #expect(
            try root.call("POST", "/v1/accounts", ["emails": [.string(mail)]]).status == 201, "elsewhere it is free")
        let changed = try root.call("PUT", "\(person.path)/password", ["new_password": "12345678901"])
        #expect(changed.status == 422 && changed.pointers == ["/new_password"])
        expectProblem(
            try root.call("PATCH", "/v1/spaces/\(domain)", ["username_min_length": 90]), 409, "conflict")
    }

    @Test func `addresses are made unique where no two accounts share one`() throws {
        let domain = try space()
        let path = "/v1/spaces/\(domain)"
        let (place, mail) = (JSONValue.string(domain), JSONValue.string("\(Unique.name())@example.org"))
        let others: JSONValue = [.string("\(Unique.name())@example.org"), .string("\(Unique.name())@example.org")]
        let first = try root.account(["space": place, "emails": [mail]])
        let second = try root.account(["space": place, "emails": [mail]])
        expectProblem(try root.call("PATCH", path, ["email_unique": true]), 409, "conflict")
        #expect(try root.call("PATCH", second.path, ["emails": others]).status == 200)
        #expect(try root.call("PATCH", path, ["email_unique": true]).status == 200)
        expectProblem(try root.call("POST", "/v1/accounts", ["space": place, "emails": [mail]]), 409, "name-taken")
        // An address that is given up while the rule does not hold is free when it holds again.
        #expect(try root.call("PATCH", path, ["email_unique": false]).status == 200)
        #expect(try root.call("PATCH", first.path, ["emails": []]).status == 200)
        #expect(try root.call("PATCH", path, ["email_unique": true]).status == 200)
        #expect(try root.call("POST", "/v1/accounts", ["space": place, "emails": [mail]]).status == 201)
    }

    @Test func `addresses are made unique, whoever comes at that moment`() throws {
        for _ in 0..<10 {
            let domain = try space()
            let (root, mail) = (root, JSONValue.string("\(Unique.name())@example.org"))
            let made = atOnce(9) { number in
                try number == 4
                    ? root.call("PATCH", "/v1/spaces/\(domain)", ["email_unique": true]).status
                    : root.call("POST", "/v1/accounts", ["space": .string(domain), "emails": [mail]]).status
            }.compactMap { try? $0.get() }
            let space = try root.call("GET", "/v1/spaces/\(domain)")
            #expect(space["max_accounts"] == .null && made.contains(space["email_unique"] == true ? 200 : 409))
            if space["email_unique"] == true { #expect(made.filter { $0 == 201 }.count == 1) }
        }
    }

    @Test func `bootstrap opens a Space for any number, or for as many as it is told`() throws {
        let service = try Service.shared()
        for (count, shown) in [("0", JSONValue.null), ("3", 3)] {
            let domain = Unique.domain()
            let made = try service.tool(["bootstrap", "space", domain, "--max-accounts", count])
            #expect(made.status == 0, "\(made.errors)")
            #expect(try root.call("GET", "/v1/spaces/\(domain)")["max_accounts"] == shown)
        }
    }

    @Test func `an administrator acts on the accounts of the Space and on no other`() throws {
        let domain = try space()
        let boss = try root.account(["space": .string(domain), "activated": true])
        #expect(try root.call("PATCH", boss.path, ["admin": true])["admin"] == true)
        let client = try boss.client()
        let made = try client.call(
            "POST", "/v1/accounts", ["name": .string(Unique.name()), "space": .string(domain), "emails": ["m@e.org"]])
        #expect(made.status == 201, "\(made.text)")
        let path = "/v1/accounts/\(made["id"].stringValue ?? "")"
        #expect(try client.call("GET", path).status == 200)
        #expect(try client.call("POST", "\(path)/block").status == 200)
        expectProblem(try client.call("PATCH", path, ["admin": true]), 403, "forbidden")
        let list = try client.all("/v1/accounts", limit: 10)
        #expect(list.count == 2 && list.allSatisfy { $0["space"] == .string(domain) })
        let outside = try root.account()
        expectProblem(try client.call("GET", outside.path), 404, "not-found")
        expectProblem(try client.call("POST", "\(outside.path)/block"), 404, "not-found")
        expectProblem(try client.call("POST", "/v1/accounts", JSONValue.object([:])), 403, "forbidden")
        #expect(try !client.call("GET", "\(path)/events").text.contains("m@e.org"), "boxes are not for it")
        _ = try root.call("PATCH", boss.path, ["admin": false])
        expectProblem(try client.call("GET", path), 404, "not-found")
        expectProblem(try client.call("GET", "/v1/accounts"), 403, "forbidden")
    }

    @Test func `a closed Space is erased in the background, with everybody in it`() throws {
        let domain = try space()
        let people = try (0..<5).map { _ in try root.account(["space": .string(domain)]) }
        #expect(try root.call("DELETE", "/v1/spaces/\(domain)").status == 202)
        let refused = try root.call("POST", "/v1/accounts", ["space": .string(domain)])
        #expect(refused.status == 422, "\(refused.text)")
        #expect(
            try eventually {
                try people.allSatisfy { try root.call("GET", $0.path).status == 410 }
                    && root.call("GET", "/v1/spaces/\(domain)").status == 404
            })
        #expect(try space(["domain": .string(domain), "name": .string(domain), "host": .string(domain)]) != domain)
    }
}
