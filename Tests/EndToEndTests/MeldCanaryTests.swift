import EventCoding
import Foundation
import StrictJSON
import Testing

/// Nothing that passes through this door stands anywhere in clear but in the answer that must carry it.
@Suite struct MeldCanaryTests {
    @Test func `no code, secret, token or address stands in the database or in what is printed`() throws {
        let service = try Service(["LEDGER_LOG_LEVEL": "trace"])
        let meld = Meld(service)
        let mark = "kanarienvogel"
        let name = "\(mark)-name"
        let email = "\(mark).mail@example.org"
        let token = try meld.token(name, email)
        let code = try meld.code(of: token)
        _ = try meld.redeem(name, token, "\(mark)-code")
        let account = try MeldAccount(name, email, try meld.redeem(name, token, code, query: "?type=rsa"))
        _ = try meld.call(
            "PATCH", account.path, ["@insert": ["email": .string("\(mark).two@example.org")]], as: account.basic)
        _ = try meld.call(
            "PATCH", account.path, ["@insert": ["naming": "uuid", "remotesAuth": "jwt"]], as: account.basic)
        _ = try meld.call("PATCH", account.path, ["@delete": ["email": .string(email)]], as: account.basic)
        let domain = try meld.call(
            "PUT", "domain/\(name)/\(mark)-domain", ["user": .string("https://\(mark).example/")], as: account.basic)
        let minted = try #require(domain["io"]["opts"]["auth"]["jwt"].stringValue)
        _ = try meld.call("POST", "domain/\(name)")
        _ = try meld.call(
            "POST", "remotes/decision",
            [
                "@domain": .string("\(mark)-domain.\(name).localhost"),
                "auth": ["jwt": .string(minted), "user": .string(name)],
            ],
            as: meld.root)
        let jwt = try account.token(#""iss":"\#(name)","sub":"https://\#(mark).example/""#)
        _ = try meld.call("GET", account.path, as: "Bearer \(jwt)")
        _ = try meld.call("GET", "user/\(mark)-unknown", as: "\(mark)-scheme x")
        _ = try meld.call("GET", "\(mark)-path?\(mark)=\(mark)")
        _ = try meld.send(
            "POST", "/activate", "account=\(name)&email=\(mark)%40example.org&code=\(mark)",
            type: "application/x-www-form-urlencoded")
        _ = try meld.send("POST", "user/\(name)/activation", "{\"\(mark)\":", type: "application/\(mark)+json")
        let head = try service.root.head()
        #expect(
            try eventually {
                try service.root.call("GET", "/v1/projections").items.allSatisfy {
                    ($0["lag_events"].integerValue ?? 1) == 0 || ($0["position"].integerValue ?? 0) >= head
                }
            })
        // The keyed digest of the code is there, and so is what it was mailed to, but only in boxes.
        let secret = String(account.key.split(separator: ":")[1])
        var words = [mark, secret, String(token.prefix(64)), String(jwt.suffix(64)), String(minted.suffix(64))]
        words += words.map { Base64.encode(Array($0.utf8)).prefix(20).description }
        let dump = try service.dump()
        #expect(dump.contains("activation.requested.v1") && dump.contains("rm.activations_1"))
        for word in words + words.map({ Hex.encode(Array($0.utf8)) }) {
            #expect(!dump.localizedCaseInsensitiveContains(word), "\(word) stands in the dump")
        }
        // Six digits may stand there by chance, but not as a value of their own.
        for form in ["\"\(code)\"", ":\(code),", ":\(code)}", "\t\(code)\t", "\t\(code)\n"] {
            #expect(!dump.contains(form), "the code stands in the dump")
        }
        #expect(service.process.stop() == 0)
        for text in [service.process.output, service.process.errors, service.serverLog()] {
            for word in words {
                #expect(!text.localizedCaseInsensitiveContains(word), "\(word) was printed")
            }
        }
    }
}
