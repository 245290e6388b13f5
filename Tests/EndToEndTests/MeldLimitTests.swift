import StrictJSON
import Testing

/// Limits in force, as they are outside of tests.
@Suite struct MeldLimitTests {
    @Test func `mails, guesses and wrong keys are bounded, in this dialect`() throws {
        let meld = Meld(try Service(["LEDGER_LIMITS": "on"]))
        func expectLimited(_ response: Response) {
            expectMeld(response, 429, "TooManyRequests")
            #expect(response.header("Retry-After").flatMap { Int($0) }.map { $0 > 0 } == true)
        }
        let token = try meld.token("limited", "a@example.org")
        let head = { try meld.service.root.head() }
        var statuses: [Int] = []
        for _ in 0..<6 { statuses.append(try meld.request("limited", "a@example.org").status) }
        #expect(statuses == [200, 200, 200, 200, 429, 429])
        let before = try head()
        expectLimited(try meld.request("limited", "a@example.org"))
        expectLimited(
            try meld.call(
                "POST", "user/limited/activation", ["email": "a@example.org"],
                headers: [("X-Forwarded-For", "203.0.113.9")]))
        #expect(try head() == before)
        // Another account or address is not touched by that, until the client itself is.
        #expect(try meld.request("other", "b@example.org").status == 200)
        var number = 0
        while try meld.request("n\(number)", "n\(number)@example.org").status == 200 { number += 1 }
        expectLimited(try meld.request("n\(number)", "n\(number)@example.org"))
        #expect((5...20).contains(number))

        let code = try meld.code(of: token)
        for _ in 0..<5 { _ = try meld.redeem("limited", "garbage", code) }
        #expect(try meld.redeem("limited", token, code).status == 200)
        var guesses = 0
        while try meld.redeem("limited", "garbage", code).status == 401, guesses < 100 { guesses += 1 }
        expectLimited(try meld.redeem("limited", "garbage", code))
        #expect(guesses < 30)
    }

    @Test func `one mailbox is written to five times, however its address is spelt and whatever asks`() throws {
        let meld = Meld(try Service(["LEDGER_LIMITS": "on"]))
        let spellings = ["box@example.org", "Box@example.org", "BOX@example.org", "bOx@Example.org", "box@EXAMPLE.ORG"]
        for (number, email) in spellings.enumerated() {
            #expect(try meld.request("box\(number)", email).status == 200)
        }
        let head = try meld.service.root.head()
        expectMeld(try meld.request("box", "boX@example.org"), 429, "TooManyRequests")
        let nobody = meld.service.root.with(nil)
        #expect(try nobody.call("POST", "/v1/recovery", ["email": "BOx@example.org"]).status == 429)
        #expect(try nobody.call("PUT", "/auth/identities", ["identifier_value": "box@example.ORG"]).status == 429)
        #expect(try meld.service.root.head() == head)
    }
}
