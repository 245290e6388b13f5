import Foundation
import StrictJSON
import Testing

/// Nothing that a client typed stands anywhere in clear: not in the database, not in what the processes print.
@Suite struct CanaryTests {
    /// Values that say where they were typed; each is found again by the first part, in any case and encoding.
    private static let mark = "kanarienvogel"

    @Test func `a dump and everything that was printed hold nothing that a client typed`() throws {
        let service = try Service(["LEDGER_LOG_LEVEL": "trace"])
        let root = service.root
        let mark = Self.mark
        func typed(_ place: String) -> JSONValue { .string("\(mark)-\(place)") }
        func mail(_ place: String) -> JSONValue { .string("\(mark).\(place)@example.org") }
        func data(_ place: String) -> JSONValue { .string(Base64.encode(Array("\(mark)-\(place)".utf8))) }

        let domain = JSONValue.string("\(mark)-space.example.org")
        #expect(
            try root.call(
                "POST", "/v1/spaces",
                [
                    "name": typed("space"), "domain": domain, "host": domain, "realm": typed("realm"),
                    "email_unique": true,
                ]
            ).status == 201)
        let created = try root.call(
            "POST", "/v1/accounts",
            [
                "name": typed("name"), "emails": [mail("first")], "profile": ["\(mark)-key": typed("value")],
                "password": typed("password"), "backup": ["data": data("backup")], "space": domain,
            ], headers: [("Idempotency-Key", "\(mark)-idempotency"), ("User-Agent", "\(mark)-agent")])
        #expect(created.status == 201, "\(created.text)")
        let id = created["id"].stringValue ?? ""
        let path = "/v1/accounts/\(id)"
        let blob = Base64.encode(Array("\(mark)-blob".utf8) + [UInt8](repeating: 65, count: 100_000))
        let requests: [(String, String, JSONValue?)] = [
            ("PATCH", path, ["emails": [mail("second")], "profile": ["a": typed("patched")]]),
            ("PATCH", path, ["name": typed("renamed")]),
            ("PUT", "\(path)/password", ["old_password": typed("password"), "new_password": typed("newpassword")]),
            ("POST", "\(path)/password/verify", ["password": typed("guess")]),
            ("PUT", "\(path)/backup", ["version": 2, "data": .string(blob)]),
            (
                "POST", "\(path)/devices",
                ["id": typed("device"), "name": typed("devicename"), "public_key": typed("pem")]
            ),
            ("PATCH", "\(path)/devices/\(mark)-device", ["name": typed("devicerenamed")]),
            ("POST", "\(path)/devices/\(mark)-device/revoke", ["reason": typed("revoked")]),
            ("POST", "\(path)/keys", ["name": typed("label")]),
            ("POST", "\(path)/block", ["reason": typed("blocked")]),
            ("POST", "\(path)/unblock", ["reason": typed("x")]),
            ("POST", "/v1/identities", ["identifier": mail("identity")]),
            ("POST", "/v1/tokens", ["name": typed("renamed"), "password": typed("newpassword")]),
            ("POST", "/v1/tokens", ["name": typed("stranger"), "password": typed("wrong")]),
            ("POST", "/v1/recovery", ["email": mail("second")]), ("POST", "/v1/recovery", ["email": mail("nobody")]),
            ("POST", "/v1/recovery/redeem", ["token": typed("token"), "new_password": typed("recovered")]),
            ("GET", "/v1/accounts?email=\(mark).second@example.org", nil),
            ("GET", "/v1/accounts?name=\(mark)-renamed", nil),
            ("GET", "/v1/identities?identifier=\(mark).identity@example.org", nil), ("GET", "/\(mark)-path", nil),
            ("GET", "/v1/accounts/\(mark)-id", nil), ("GET", "/v1/accounts?\(mark)=1", nil),
            ("POST", "/v1/accounts", ["\(mark)-member": 1]), ("GET", "\(path)/backup/versions/\(mark)", nil),
        ]
        for (method, target, body) in requests {
            let response = try root.call(method, target, body, headers: [("Referer", "https://\(mark)-referer/")])
            #expect(response.status < 500, "\(method) \(target): \(response.text)")
        }
        let secret = try root.call("POST", "\(path)/keys", JSONValue.object([:]))["key"].stringValue ?? ""
        let keyHalf = try #require(secret.split(separator: ":").last.map { String($0) })
        #expect(try root.with(secret).call("GET", "/v1/me")["name"] == typed("renamed"))
        _ = try root.with("\(mark)-credential").call("GET", "/v1/me")
        #expect(try root.all("/v1/accounts?space=\(domain.stringValue ?? "")", limit: 10).count == 1)
        let token = try service.token(mailedTo: "\(mark).second@example.org")
        let position = try root.head()
        #expect(
            try eventually {
                try root.call("GET", "/v1/projections").items.allSatisfy {
                    ($0["lag_events"].integerValue ?? 1) == 0 || ($0["position"].integerValue ?? 0) >= position
                }
            })

        let dump = try service.dump()
        #expect(dump.contains("events_p") && dump.count > 10_000, "there is a dump: \(dump.suffix(300))")
        let words = [mark, Base64.encode(Array(mark.utf8)).prefix(16).description, keyHalf, String(token.suffix(30))]
        for word in words { find(word, in: dump, "pg_dump") }
        find(Self.hex(mark), in: dump, "pg_dump, in hexadecimal")
        #expect(try root.call("DELETE", path).status == 204)
        #expect(service.process.stop() == 0)
        for word in words {
            find(word, in: service.process.output, "standard output")
            find(word, in: service.process.errors, "standard error")
            find(word, in: service.serverLog(), "the server's log")
        }
    }

    private func find(
        _ word: String, in text: String, _ place: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let lowered = text.lowercased()
        guard let range = lowered.range(of: word.lowercased()) else { return }
        let start = lowered.index(range.lowerBound, offsetBy: -200, limitedBy: lowered.startIndex) ?? lowered.startIndex
        Issue.record(
            "\(word) stands in \(place): …\(lowered[start..<range.upperBound])…", sourceLocation: sourceLocation)
    }

    private static func hex(_ text: String) -> String { Hex.encode(Array(text.utf8)) }
}

extension Service {
    /// What the database server logged, wherever in the home it stands.
    func serverLog() -> String {
        var text = ""
        for case let name as String in FileManager.default.enumerator(atPath: "\(home.path)/home") ?? .init()
        where !name.hasPrefix("outbox/") && (name.hasSuffix("log") || name.contains(".log")) {
            text += (try? String(contentsOfFile: "\(home.path)/home/\(name)", encoding: .utf8)) ?? ""
        }
        return text
    }
}
