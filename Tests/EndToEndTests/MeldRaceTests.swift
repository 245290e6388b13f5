import PostgresClient
import StrictJSON
import Testing

/// Many at one moment: one gets what only one may have, and nobody's change is lost.
@Suite(.serialized) struct MeldRaceTests {
    @Test func `of many redemptions of one token exactly one gets a key`() throws {
        let meld = try Meld.shared()
        for round in 0..<3 {
            let name = Unique.name()
            if round > 0 { _ = try meld.call("POST", "user/\(name)/key", as: meld.root) }
            if round > 0 {
                #expect(
                    try meld.call(
                        "PATCH", "user/\(name)", ["@insert": ["email": "a@example.org"]], as: meld.root
                    ).status == 204)
            }
            let token = try meld.token(name, "a@example.org")
            let code = try meld.code(of: token)
            let statuses = try atOnce(16) { _ in try meld.redeem(name, token, code).status }.map { try $0.get() }
            #expect(statuses.filter { $0 == 200 }.count == 1 && statuses.filter { $0 == 401 }.count == 15)
        }
    }

    @Test func `of a thousand guesses at one moment at most five are counted, and none is right afterwards`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let token = try meld.token(name, "\(name)@example.org")
        let code = try meld.wrongCode(for: token)
        let statuses = try atOnce(50) { _ in
            let connection = try HTTPConnection(port: meld.service.port)
            var statuses: [Int] = []
            for _ in 0..<20 {
                try connection.send(
                    "POST", "/api/v1/user/\(name)/key",
                    [("Authorization", "Bearer \(token)"), ("X-Activation-Code", code)])
                statuses.append(try connection.readResponse().status)
            }
            return statuses
        }.flatMap { try $0.get() }
        #expect(statuses.count == 1_000 && Set(statuses) == [401])
        expectMeld(try meld.redeem(name, token, try meld.code(of: token)), 401, "Unauthorized")
        let database = try meld.service.database()
        defer { database.close() }
        let rows = try database.query(
            .init("SELECT count(*)::int8 FROM ledger.events WHERE stream_id = '\(Meld.activation(token))'"))
        #expect(try rows.int64(0, 0) == 6)
    }

    @Test func `of many first redemptions for one name each gets a key of the one account`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let tokens = try (0..<8).map { _ in try meld.token(name, "\(name)@example.org") }
        let codes = try tokens.map { try meld.code(of: $0) }
        let statuses = try atOnce(8) { try meld.redeem(name, tokens[$0], codes[$0]).status }.map { try $0.get() }
        #expect(statuses.allSatisfy { $0 == 200 })
        let events = try meld.events(of: name)
        #expect(events.filter { $0 == "account.created.v1" }.count == 1)
        #expect(events.filter { $0 == "key.issued.v1" }.count == 8)
    }

    @Test func `of many first keys by root each is of the one account`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let statuses = try atOnce(8) { _ in
            // Eight pairs may take longer than one request may wait; who is told so asks again.
            for _ in 0..<20 {
                let status = try meld.call("POST", "user/\(name)/key", as: meld.root).status
                if status != 503 { return status }
            }
            return 503
        }.map { try $0.get() }
        #expect(statuses.allSatisfy { $0 == 200 }, "\(statuses)")
        #expect(try meld.events(of: name).filter { $0 == "account.created.v1" }.count == 1)
    }

    @Test func `values inserted at one moment all survive`() throws {
        let meld = try Meld.shared()
        let account = try meld.accountOfRoot()
        let patches: [JSONValue] =
            ["anon", "key", "jwt"].map { ["@insert": ["remotesAuth": $0]] }
            + ["any", "uuid"].map { ["@insert": ["naming": $0]] }
            + (0..<15).map { ["@insert": ["email": .string("a\($0)@example.org")]] }
        let statuses = try atOnce(patches.count) {
            try meld.call("PATCH", account.path, patches[$0], as: account.basic).status
        }.map { try $0.get() }
        #expect(statuses.allSatisfy { $0 == 204 })
        let shown = try meld.call("GET", account.path, as: account.basic)
        #expect(shown["remotesAuth"] == ["anon", "jwt", "key"] && shown["naming"] == ["any", "uuid"])
        #expect(shown["email"].arrayValue?.count == 15)
    }
}
