import StrictJSON
import Testing

@Suite struct ListingTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    @Test func `each filter selects what it says`() throws {
        let domain = Unique.domain()
        let place = JSONValue.string(domain)
        #expect(
            try root.call("POST", "/v1/spaces", ["name": place, "domain": place, "host": place]).status == 201)
        let mail = "\(Unique.name())@example.org"
        let one = try root.account(["space": place, "activated": true, "emails": [.string(mail)]])
        let two = try root.account(["space": place])
        let three = try root.account(["space": place])
        _ = try root.call("POST", "\(three.path)/block")
        func ids(_ filter: String) throws -> [String?] {
            try root.all("/v1/accounts?\(filter)", limit: 2).map { $0["id"].stringValue }
        }
        #expect(try ids("space=\(domain)") == [one.id, two.id, three.id])
        #expect(try ids("space=\(domain)&activated=true") == [one.id])
        #expect(try ids("space=\(domain)&activated=false") == [two.id, three.id])
        #expect(try ids("space=\(domain)&blocked=true") == [three.id])
        #expect(try ids("space=\(domain)&system=native").count == 3)
        #expect(try ids("space=\(domain)&system=jami").isEmpty)
        #expect(try ids("name=\(two.name)") == [two.id])
        #expect(try ids("name=\(Unique.name("none"))").isEmpty)
        #expect(try ids("email=\(mail)") == [one.id])
        #expect(try ids("email=x\(mail)").isEmpty)
        #expect(try ids("space=none.example.org").isEmpty)
        let second = try #require(try root.call("GET", two.path)["created_at"].stringValue)
        #expect(try ids("space=\(domain)&created_after=\(second)").contains(three.id))
        #expect(try ids("space=\(domain)&created_before=\(second)").contains(one.id))
        #expect(try !ids("space=\(domain)&created_before=\(second)").contains(three.id))
        _ = try root.call("PATCH", one.path, ["emails": []])
        #expect(try ids("email=\(mail)").isEmpty, "a list sees what was written before it")
        #expect(try root.call("DELETE", two.path).status == 204)
        #expect(try ids("space=\(domain)") == [one.id, three.id], "an erased account is in no list")
    }

    @Test(arguments: [
        "activated=yes", "blocked=1", "system=x", "created_after=now", "limit=0", "limit=1001", "limit=x", "limit=",
        "cursor=x", "other=1", "name=", "name=a&name=b", "name=UPPER", "email=x", "space=-",
    ])
    func `a query that makes no sense is refused`(_ query: String) throws {
        let response = try root.call("GET", "/v1/accounts?\(query)")
        #expect(response.status == 400 && response.slug == "malformed-request", "\(query): \(response.text)")
    }

    @Test func `pages neither skip nor repeat what was there while others write`() throws {
        let domain = Unique.domain()
        let place = JSONValue.string(domain)
        _ = try root.call("POST", "/v1/spaces", ["name": place, "domain": place, "host": place])
        let people = try (0..<30).map { _ in try root.account(["space": place]) }
        let client = root
        let writer = atOnceInBackground {
            for number in 0..<40 {
                _ = try client.account(["space": place])
                let person = people[number % people.count]
                _ = try client.call("PATCH", person.path, ["profile": ["n": .string("\(number)")]])
            }
        }
        repeat {
            let ids = try root.all("/v1/accounts?space=\(domain)", limit: 7).compactMap { $0["id"].stringValue }
            #expect(Set(ids).count == ids.count)
            #expect(Array(ids.prefix(30)) == people.map(\.id))
        } while !writer.hasEnded
        try writer.wait()
        #expect(try root.all("/v1/accounts?space=\(domain)", limit: 7).count == 70)
    }

    @Test func `a read after a write sees it, whatever the projector is at`() throws {
        let root = root
        let outcomes = atOnce(8) { _ in
            let person = try root.account()
            for number in 0..<10 {
                let value = JSONValue.string("\(number)")
                let patch = try root.call("PATCH", person.path, ["profile": ["n": value]])
                let read = try root.call("GET", person.path)
                guard read["profile"]["n"] == value, read.header("ETag") == patch.header("ETag") else { return false }
            }
            return try root.call("GET", "/v1/accounts?name=\(person.name)").items.first?["version"] == 11
        }
        #expect(outcomes.allSatisfy { (try? $0.get()) == true })
    }
}
