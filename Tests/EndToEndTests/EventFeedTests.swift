import StrictJSON
import Testing

@Suite struct EventFeedTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private func busyAccount(_ changes: Int = 9) throws -> Person {
        let person = try root.account()
        for number in 0..<changes {
            #expect(try root.call("PATCH", person.path, ["profile": ["n": .string("\(number)")]]).status == 200)
        }
        return person
    }

    @Test func `an event is a CloudEvent, the same in every form`() throws {
        let person = try busyAccount(1)
        let page = try root.call("GET", "/v1/events?stream=\(person.id)")
        #expect(page.items.count == 2)
        for (index, event) in page.items.enumerated() {
            #expect(event["specversion"] == "1.0" && event["subject"] == .string(person.id))
            #expect(event["id"] == event["sequence"] && event["streamversion"].integerValue == Int64(index + 1))
            #expect(event["datacontenttype"] == "application/json" && event["data"].objectValue != nil)
            #expect(event["leafhash"].stringValue?.count == 64 && event["secrethash"].stringValue?.count == 64)
            #expect(event["secret"].stringValue != nil && event["personal"] == .null)
            let position = try #require(event["id"].stringValue)
            #expect(try root.call("GET", "/v1/events/\(position)").json == event)
            let meta = try JSONReader.read(Array((event["meta"].stringValue ?? "").utf8))
            #expect(meta["door"] == "native" && meta["request_id"].stringValue?.count == 36)
        }
        let lines = try root.call(
            "GET", "/v1/events?stream=\(person.id)", headers: [("Accept", "application/x-ndjson")])
        #expect(lines.header("Content-Type")?.hasPrefix("application/x-ndjson") == true)
        #expect(try lines.body.split(separator: 10).map { try JSONReader.read(Array($0)) } == page.items)
    }

    @Test func `pages of any length give every event once, in order`() throws {
        let person = try busyAccount()
        for limit in [1, 3, 1000] {
            let events = try root.all("/v1/events?stream=\(person.id)", limit: limit)
            #expect(events.map { $0["streamversion"].integerValue } == (1...10).map { Int64($0) })
            let own = try root.all("\(person.path)/events", limit: limit)
            #expect(own.map { $0["id"] } == events.map { $0["id"] })
        }
        let late = try root.call("GET", "\(person.path)/events?after=7")
        #expect(late.items.map { $0["streamversion"].integerValue } == [8, 9, 10])
        let third = try #require(try root.call("GET", "/v1/events?stream=\(person.id)&limit=3").items.last)
        let rest = try root.call("GET", "/v1/events?stream=\(person.id)&after=\(third["id"].stringValue ?? "")")
        #expect(rest.items.count == 7)
    }

    @Test func `lines and a live stream end with the limit, and a bad one is refused`() throws {
        let person = try busyAccount()
        let base = "/v1/events?stream=\(person.id)"
        func versions(_ query: String) throws -> [Int64] {
            try root.call("GET", base + query, headers: [("Accept", "application/x-ndjson")]).body.split(separator: 10)
                .compactMap { try JSONReader.read(Array($0))["streamversion"].integerValue }
        }
        for limit in [1, 3, 10, 11, 1001, 9_007_199_254_740_991] {
            #expect(try versions("&limit=\(limit)") == (1...min(10, Int64(limit))).map { $0 })
        }
        #expect(try versions("") == (1...10).map { $0 })
        let third = try #require(try root.call("GET", "\(base)&limit=3").items.last?["id"].stringValue)
        #expect(try versions("&after=\(third)&limit=2") == [4, 5])
        #expect(try versions("&type=account.erased.v1&limit=2") == [])

        let all = try root.all(base, limit: 1000).compactMap { $0["id"].stringValue.flatMap { Int64($0) } }
        let stream = try EventStream(root, "\(base)&limit=4", lastEventID: all[1])
        #expect(try (0..<4).map { _ in try stream.next() } == Array(all[2...5]))
        #expect(throws: (any Error).self) { try stream.next() }
        // What is still to come counts as well.
        let live = try EventStream(root, "\(base)&limit=2", lastEventID: all[8])
        #expect(try live.next() == all[9])
        #expect(try root.call("PATCH", person.path, ["profile": ["n": "last"]]).status == 200)
        #expect(try live.next() > all[9])
        #expect(throws: (any Error).self) { try live.next() }

        let cursor = try #require(try root.call("GET", "\(base)&limit=1")["next_cursor"].stringValue)
        for accept in ["application/x-ndjson", "text/event-stream"] {
            for bad in ["limit=0", "limit=-1", "limit=x", "limit=", "limit=9007199254740992", "cursor=\(cursor)"] {
                expectProblem(
                    try root.call("GET", "\(base)&\(bad)", headers: [("Accept", accept)]), 400, "malformed-request")
            }
        }
    }

    @Test func `filters select by type, door and time`() throws {
        let person = try busyAccount(2)
        let base = "/v1/events?stream=\(person.id)"
        let all = try root.call("GET", base).items
        let type = try #require(all.first?["type"].stringValue)
        #expect(try root.call("GET", "\(base)&type=\(type)").items.count == 1)
        #expect(try root.call("GET", "\(base)&door=native").items.count == 3)
        #expect(try root.call("GET", "\(base)&door=flexisip").items.isEmpty)
        let second = try #require(all[1]["time"].stringValue)
        #expect(try root.call("GET", "\(base)&from=\(second)").items.count == 2)
        #expect(try root.call("GET", "\(base)&to=\(second)").items.count == 1)
        for bad in ["type=x", "door=x", "from=yesterday", "after=-1", "limit=0", "limit=1001", "stream=x", "other=1"] {
            expectProblem(try root.call("GET", "/v1/events?\(bad)"), 400, "malformed-request")
        }
    }

    @Test func `an account sees its own stream and no other`() throws {
        let (one, two) = (try busyAccount(1), try busyAccount(1))
        let client = try one.client()
        let own = try client.call("GET", "/v1/events")
        #expect(own.items.count == 2 && own.items.allSatisfy { $0["subject"] == .string(one.id) })
        expectProblem(try client.call("GET", "/v1/events?stream=\(two.id)"), 404, "not-found")
        expectProblem(try client.call("GET", "\(two.path)/events"), 404, "not-found")
        let foreign = try #require(try root.call("GET", "/v1/events?stream=\(two.id)").items.first?["id"].stringValue)
        expectProblem(try client.call("GET", "/v1/events/\(foreign)"), 404, "not-found")
    }

    @Test func `personal halves are opened for the owner, and verifiers for nobody`() throws {
        let mail = "\(Unique.name())@example.org"
        let person = try root.account(["emails": [.string(mail)], "password": "a long password"])
        for client in [root, try person.client()] {
            let events = try client.call("GET", "\(person.path)/events")
            #expect(events.text.contains(mail) && !events.text.contains("$argon2") && !events.text.contains("verifier"))
        }
    }

    @Test func `a live stream goes on where it was left, without a gap or a repeat`() throws {
        let person = try busyAccount(2)
        var ids: [Int64] = []
        var last: Int64?
        for round in 0..<3 {
            let stream = try EventStream(root, "/v1/events?stream=\(person.id)", lastEventID: last)
            let client = root
            let writer = atOnceInBackground {
                for number in 0..<5 {
                    _ = try client.call("PATCH", person.path, ["profile": ["n": .string("\(round).\(number)")]])
                }
            }
            let wanted = ids.count + (round == 0 ? 3 + 4 : 4)
            while ids.count < wanted { ids.append(try stream.next()) }
            try writer.wait()
            last = ids.last
        }
        let stream = try EventStream(root, "/v1/events?stream=\(person.id)", lastEventID: last)
        let all = try root.all("/v1/events?stream=\(person.id)", limit: 1000).compactMap { $0["id"].stringValue }
        while ids.count < all.count { ids.append(try stream.next()) }
        #expect(ids.map { "\($0)" } == all)
    }

    @Test func `a live stream ends when its credential does`() throws {
        let person = try busyAccount(1)
        let stream = try EventStream(try person.client(), "/v1/events")
        _ = try stream.next()
        _ = try stream.next()
        #expect(try root.call("POST", "\(person.path)/block").status == 200)
        #expect(throws: (any Error).self) {
            while true { _ = try stream.next() }
        }
        expectProblem(
            try root.call(
                "GET", "/v1/events?after=4503599627370496", headers: [("Accept", "text/event-stream")]),
            400, "malformed-request")
    }

    @Test func `a damaged or foreign cursor is refused`() throws {
        let person = try busyAccount(3)
        let path = "/v1/events?stream=\(person.id)&limit=1"
        let first = try root.call("GET", path)
        let cursor = try #require(first["next_cursor"].stringValue)
        #expect(first.header("Link")?.contains("rel=\"next\"") == true)
        #expect(try root.call("GET", "\(path)&cursor=\(cursor)").items.first?["streamversion"] == 2)
        for bad in ["x", String(cursor.dropLast()), "A\(cursor.dropFirst())", cursor + "A"] where bad != cursor {
            expectProblem(try root.call("GET", "\(path)&cursor=\(bad)"), 400, "malformed-request")
        }
        expectProblem(
            try root.call("GET", "\(person.path)/events?limit=1&cursor=\(cursor)"), 400, "malformed-request")
        expectProblem(try person.client().call("GET", "\(path)&cursor=\(cursor)"), 400, "malformed-request")
    }
}
