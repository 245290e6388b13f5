import StrictJSON
import Testing

/// The past is shown as it was answered then, to whoever may look at it now.
@Suite struct TimeTravelTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private static let parts = [
        "", "/backup", "/backup/versions", "/backup/versions/1", "/devices", "/remotes-auth", "/keys", "/events",
    ]

    /// What every route about an account answers at one moment.
    private func everything(_ person: Person, at moment: String? = nil) throws -> [String] {
        try Self.parts.map { part in
            let answer = try root.call("GET", person.path + part + (moment.map { "?at=\($0)" } ?? ""))
            return "\(part) \(answer.status) \(answer.header("ETag") ?? "-") \(answer.text)"
        }
    }

    /// Changes of an account, one after the other.
    private func changes(_ person: Person) -> [(String, String, JSONValue)] {
        let blob = Base64.encode([UInt8](repeating: 66, count: 90_000))
        return [
            ("PATCH", "", ["emails": ["one@example.org"], "profile": ["city": "Bern"]]),
            ("PUT", "/backup", ["version": 1, "data": "AAAA"]),
            ("POST", "/devices", ["id": "phone", "name": "Phone"]),
            ("PATCH", "/devices/phone", ["name": "Old phone"]),
            ("PUT", "/backup", ["version": 2, "data": .string(blob)]),
            ("POST", "/activate", ["reason": "because"]),
            ("POST", "/keys", ["name": "first"]),
            ("PATCH", "/remotes-auth", ["insert": ["jwt"]]),
            ("POST", "/devices/phone/revoke", ["reason": "lost"]),
            ("PATCH", "", ["emails": [], "profile": ["city": .null]]),
        ]
    }

    @Test func `every moment is answered as it was answered then, by position and by time`() throws {
        let person = try root.account(["password": "a long password"])
        var moments: [(position: Int64, time: String, answers: [String])] = []
        func note(_ position: Int64?) throws {
            let time = try root.call("GET", person.path)["updated_at"].stringValue ?? ""
            moments.append((position ?? -1, time, try everything(person)))
        }
        try note(try root.call("GET", person.path)["position"].integerValue)
        for (method, part, body) in changes(person) {
            let response = try root.call(method, person.path + part, body)
            #expect((200..<300).contains(response.status), "\(method) \(part): \(response.text)")
            try note(response.position)
        }
        #expect(Set(moments.map(\.answers)).count == moments.count, "each change shows")
        for moment in moments {
            #expect(try everything(person, at: "\(moment.position)") == moment.answers, "at \(moment.position)")
            // Two changes within one microsecond would have one time; the later one is what it shows.
            guard moments.filter({ $0.time == moment.time }).count == 1 else { continue }
            #expect(try everything(person, at: moment.time) == moment.answers, "at \(moment.time)")
        }
        let first = try #require(moments.first)
        let again = try root.call(
            "GET", "\(person.path)?at=\(first.position)", headers: [("If-None-Match", "\"2\"")])
        #expect(again.status == 304 && again.header("ETag") == "\"2\"")
        #expect(try person.client().call("GET", "/v1/me?at=\(first.position)")["version"] == 2)
    }

    @Test func `moments outside of the account's time are refused`() throws {
        let before = try root.head()
        let person = try root.account()
        let other = try root.account().keyClient()
        for part in Self.parts {
            expectProblem(try root.call("GET", "\(person.path)\(part)?at=\(before)"), 404, "not-found")
            expectProblem(try root.call("GET", "\(person.path)\(part)?at=0"), 404, "not-found")
            expectProblem(try root.call("GET", "\(person.path)\(part)?at=2001-01-01T00:00:00Z"), 404, "not-found")
            for text in ["\(try root.head() + 1_000_000)", "9007199254740993", "2999-01-01T00:00:00Z"] {
                expectProblem(try root.call("GET", "\(person.path)\(part)?at=\(text)"), 400, "malformed-request")
                expectProblem(try other.call("GET", "\(person.path)\(part)?at=\(text)"), 404, "not-found")
            }
            for text in ["", "-1", "+1", "now", "1.0", "99999999999999999999", "2026-13-01T00:00:00Z", "2026-01-01"] {
                expectProblem(try root.call("GET", "\(person.path)\(part)?at=\(text)"), 400, "malformed-request")
            }
        }
        expectProblem(try root.call("GET", "/v1/accounts?at=1"), 400, "malformed-request")
        expectProblem(try root.call("PATCH", "\(person.path)?at=1", ["profile": ["a": "b"]]), 400, "malformed-request")
    }

    @Test func `lists of the past go on page by page as they were`() throws {
        let person = try root.account()
        for number in 1...5 {
            #expect(try root.call("POST", "\(person.path)/devices", ["id": .string("d\(number)")]).status == 201)
        }
        let then = try root.head()
        #expect(try root.call("POST", "\(person.path)/devices/d2/revoke").status == 200)
        for number in 6...9 {
            #expect(try root.call("POST", "\(person.path)/devices", ["id": .string("d\(number)")]).status == 201)
        }
        let past = try root.all("\(person.path)/devices?at=\(then)", limit: 2)
        #expect(past.map { $0["id"].stringValue } == ["d1", "d2", "d3", "d4", "d5"])
        #expect(past.allSatisfy { $0["revoked_at"] == .null })
        let events = try root.all("\(person.path)/events?at=\(then)", limit: 2)
        #expect(events.map { $0["streamversion"].integerValue } == [1, 2, 3, 4, 5, 6])
        let cursor = try root.call("GET", "\(person.path)/devices?at=\(then)&limit=2")["next_cursor"].stringValue ?? ""
        expectProblem(try root.call("GET", "\(person.path)/devices?cursor=\(cursor)"), 400, "malformed-request")
    }

    @Test func `who may look is judged on the present`() throws {
        let domain = Unique.domain()
        let space: JSONValue = ["name": .string(domain), "domain": .string(domain), "host": .string(domain)]
        #expect(try root.call("POST", "/v1/spaces", space).status == 201)
        let member = try root.account(["space": .string(domain)])
        let admin = try root.account(["space": .string(domain)])
        let early = try root.head()
        let client = try admin.keyClient()
        expectProblem(try client.call("GET", "\(member.path)?at=\(early)"), 404, "not-found")
        #expect(try root.call("PATCH", admin.path, ["admin": true]).status == 200)
        let asAdmin = try root.head()
        // An administrator now, so also of the time before; and no more once it is none.
        #expect(try client.call("GET", "\(member.path)?at=\(early)").status == 200)
        #expect(try root.call("GET", "\(admin.path)?at=\(early)")["admin"] == false)
        #expect(try root.call("GET", "\(admin.path)?at=\(asAdmin)")["admin"] == true)
        #expect(try root.call("GET", "\(admin.path)?at=\(early)")["space"] == .string(domain))
        #expect(try root.call("PATCH", admin.path, ["admin": false]).status == 200)
        expectProblem(try client.call("GET", "\(member.path)?at=\(asAdmin)"), 404, "not-found")
        expectProblem(try root.with(nil).call("GET", "\(member.path)?at=\(asAdmin)"), 401, "unauthorized")
        #expect(try root.call("POST", "\(admin.path)/block").status == 200)
        expectProblem(try client.call("GET", "\(admin.path)?at=\(asAdmin)"), 403, "account-blocked")
    }

    @Test func `of the erased no moment is shown`() throws {
        let person = try root.account(["emails": ["gone@example.org"]])
        let stranger = try root.account().keyClient()
        let then = try root.head()
        let time = try root.call("GET", person.path)["updated_at"].stringValue ?? ""
        #expect(try root.call("GET", "\(person.path)?at=\(then)").status == 200)
        #expect(try root.call("DELETE", person.path).status == 204)
        for part in Self.parts + ["/export"] {
            for moment in ["\(then)", time, "\(then + 1)", "0", "2999-01-01T00:00:00Z"] {
                expectProblem(try root.call("GET", "\(person.path)\(part)?at=\(moment)"), 410, "account-erased")
                expectProblem(try stranger.call("GET", "\(person.path)\(part)?at=\(moment)"), 404, "not-found")
            }
        }
    }

    @Test func `the tools tell what changed, by whom and through which door`() throws {
        let service = try Service.shared()
        let person = try root.account(["emails": ["one@example.org"]])
        let start = try root.call("GET", person.path)["position"].integerValue ?? 0
        let owner = try person.client()
        #expect(try owner.call("PATCH", person.path, ["emails": ["two@example.org"]]).status == 200)
        #expect(try root.call("POST", "\(person.path)/devices", ["id": "phone", "name": "Phone"]).status == 201)
        let middle = try root.head()
        #expect(try root.call("PATCH", "\(person.path)/devices/phone", ["name": "Mobile"]).status == 200)

        let shown = try service.tool(["show", person.name, "--at", "\(start)", "--json"])
        #expect(shown.status == 0 && shown.output.contains("one@example.org"), "\(shown.errors)")
        #expect(!shown.output.contains("two@example.org") && !shown.output.contains("phone"))

        let table = try service.tool(["diff", person.id, "\(start)", "now"])
        let rows = table.output.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
        }
        #expect(table.status == 0, "\(table.errors)")
        #expect(rows.map { $0[2] } == ["emails.changed.v1", "device.added.v1", "device.renamed.v1"])
        #expect(rows.map { $0[3] } == ["account \(person.id)", "root", "root"])
        #expect(rows.allSatisfy { $0[4] == "native" })
        #expect(rows[0][5...] == ["emails", "one@example.org", "two@example.org"])
        #expect(rows[2][5...] == ["devices.phone.name", "Phone", "Mobile"])

        let json = try service.tool(["diff", person.id, "\(start)", "\(middle)", "--json"])
        let value = (try? JSONReader.read(Array(json.output.utf8))) ?? .null
        let changes = value["changes"].arrayValue ?? []
        #expect(changes.map { $0["type"] } == ["emails.changed.v1", "device.added.v1"])
        #expect(changes[0]["actor"]["id"] == .string(person.id) && changes[0]["door"] == "native")
        #expect(value["from"]["version"] == 1 && value["to"]["version"] == 3)
        #expect(try service.tool(["diff", person.id, "now", "\(start)"]).status == 64)
        #expect(try service.tool(["diff", person.id, "1", "now"]).output.contains("account.created.v1"))
        #expect(try service.tool(["show", person.id, "--at", "2999-01-01T00:00:00Z"]).status == 1)
    }
}
