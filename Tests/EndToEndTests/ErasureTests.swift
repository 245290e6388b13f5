import Foundation
import StrictJSON
import Testing

/// After an erasure nothing is left of the person: in no row, no dump, no read model, no answer, no export.
@Suite struct ErasureTests {
    @Test func `nothing of the erased is left, sealed or not`() throws {
        let service = try Service()
        let root = service.root
        let word = "vergissmeinnicht"
        func typed(_ place: String) -> JSONValue { .string("\(word)-\(place)") }
        let blob = Base64.encode(Array("\(word)-blob".utf8) + [UInt8](repeating: 65, count: 100_000))
        let key = ("Idempotency-Key", "\(word)-key")
        let new: JSONValue = [
            "name": typed("name"), "emails": [.string("\(word)@example.org")], "profile": ["city": typed("city")],
            "password": typed("password"), "backup": ["data": .string(Base64.encode(Array("\(word)-backup".utf8)))],
        ]
        let created = try root.call("POST", "/v1/accounts", new, headers: [key])
        let id = created["id"].stringValue ?? ""
        let path = "/v1/accounts/\(id)"
        let identity = try root.call("POST", "/v1/identities", ["identifier": .string("\(word).id@example.org")])
        let identityPath = "/v1/identities/\(identity["id"].stringValue ?? "")"
        for (method, target, body) in [
            ("POST", "\(identityPath)/link", ["account_id": .string(id)]),
            ("PUT", "\(path)/backup", ["version": 2, "data": .string(blob)]),
            ("POST", "\(path)/devices", ["id": typed("device"), "name": typed("dname"), "public_key": typed("pem")]),
            ("POST", "\(path)/devices/\(word)-device/revoke", ["reason": typed("reason")]),
            ("POST", "\(path)/keys", ["name": typed("label")]), ("POST", "\(path)/block", ["reason": typed("why")]),
            ("PATCH", path, ["profile": ["city": typed("town")]]),
        ] as [(String, String, JSONValue)] {
            let response = try root.call(method, target, body)
            #expect((200..<300).contains(response.status), "\(target): \(response.text)")
        }
        let other = try root.account(["emails": ["stays@example.org"], "backup": ["data": .string(blob)]])
        let export = try root.call("GET", "\(path)/export")
        #expect(export.text.contains("\(word)-town"))
        let boxes = Self.boxes(export["events"]) + Self.boxes(export["identities"].arrayValue?.first?["events"] ?? .null)
        #expect(boxes.count >= 8)
        let blobs = try service.sql("SELECT encode(substr(body, 20, 40), 'hex') FROM ledger.blobs WHERE stream_id = '\(id)'")
        let wrapped = try service.sql(
            "SELECT encode(wrapped, 'hex') FROM ledger.subject_keys WHERE stream_id IN "
                + "('\(id)', '\(identity["id"].stringValue ?? "")')"
        ).split(separator: "\n").map(String.init)
        let held = boxes.map { String($0.prefix(80)) } + [blobs] + wrapped
        #expect(wrapped.count == 2 && !blobs.isEmpty)
        let before = try service.dump()
        for bytes in held { #expect(before.contains(bytes), "the test looks for what is there") }
        let positions = try root.head()
        try service.waitForProjections(upTo: positions)
        let lookups = "SELECT count(*) FROM rm.account_lookups_1 WHERE stream_id = '\(id)'"
        #expect(try service.sql(lookups) == "1")

        #expect(try root.call("DELETE", path).status == 204)
        let unpurged = "SELECT count(*) FROM ledger.subject_keys WHERE destroyed_at IS NOT NULL AND purged_at IS NULL"
        #expect(try eventually { try service.sql(unpurged) == "0" })
        try service.waitForProjections(upTo: try root.head())
        let after = try service.dump()
        for bytes in held { #expect(!after.contains(bytes), "a box, blob or key is left") }
        #expect(!after.lowercased().contains(word))
        #expect(try service.sql(lookups) == "0")
        #expect(
            try service.sql(
                "SELECT count(*) FROM rm.accounts_1 WHERE stream_id = '\(id)' AND (view IS NOT NULL OR name_key IS NOT NULL)")
                == "0")

        let feed = try root.call("GET", "/v1/events", headers: [("Accept", "application/x-ndjson")])
        #expect(feed.text.contains("account.erased.v1") && feed.text.contains("identity.ended.v1"))
        for box in boxes {
            let base64 = Base64.encode(Hex.decode(box) ?? [])
            #expect(export.text.contains(base64) && !feed.text.contains(base64))
        }
        for position in stride(from: 1, through: try root.head(), by: 1) {
            for part in ["", "/events", "/backup", "/devices", "/keys", "/export"] {
                expectProblem(try root.call("GET", "\(path)\(part)?at=\(position)"), 410, "account-erased")
            }
        }
        expectProblem(try root.call("POST", "/v1/accounts", new, headers: [key]), 410, "account-erased")
        expectProblem(try root.call("GET", identityPath), 410, "account-erased")
        #expect(try root.call("GET", "/v1/accounts?email=\(word)@example.org").items.isEmpty)
        // Released for whoever comes next; the name stays taken.
        #expect(try root.call("POST", "/v1/identities", ["identifier": .string("\(word).id@example.org")]).status == 201)
        expectProblem(try root.call("POST", "/v1/accounts", ["name": typed("name")]), 409, "name-taken")
        #expect(try root.call("GET", "\(other.path)/backup")["data"].stringValue == blob, "others keep theirs")
        #expect(service.process.errors.contains("purged what was left of the erased"))
    }

    @Test func `a purge goes on where a killed service ended`() throws {
        let home = TemporaryDirectory()
        let id: String
        do {
            let service = try Service(home: home)
            let person = try service.root.account()
            id = person.id
            for number in 1...40 {
                _ = try service.root.call("PATCH", person.path, ["profile": ["n": .string("\(number)")]])
            }
            _ = try service.root.call("DELETE", person.path)
            service.process.kill9()
        }
        let service = try Service(home: home)
        #expect(
            try eventually {
                try service.sql(
                    "SELECT count(e.secret) + count(*) FILTER (WHERE k.purged_at IS NULL) FROM ledger.subject_keys k "
                        + "JOIN ledger.events e USING (log_id, stream_id) WHERE stream_id = '\(id)'") == "0"
            })
    }

    @Test func `a blob whose command never came is collected after a day, and no other`() throws {
        let service = try Service()
        let blob = Base64.encode([UInt8](repeating: 7, count: 60_000))
        let person = try service.root.account(["backup": ["data": .string(blob)]])
        let lost = try service.sql(
            "INSERT INTO ledger.blobs (hash, stream_id, log_id, body) "
                + "SELECT sha256(b), s::uuid, 0, b FROM (VALUES ('a'::bytea, '\(person.id)'), ('b', gen_random_uuid()::text), "
                + "('c', '\(person.id)')) v(b, s) RETURNING 1")
        #expect(lost.split(separator: "\n").count == 3)
        _ = try service.sql("UPDATE ledger.blobs SET stored_at = now() - interval '25 hours' WHERE body <> 'c'")
        // It is looked for at the start, and then every ten minutes.
        service.process.stop()
        let again = try Service(home: service.home)
        #expect(try eventually { try again.sql("SELECT count(*) FROM ledger.blobs WHERE body IN ('a', 'b')") == "0" })
        #expect(try again.sql("SELECT count(*) FROM ledger.blobs WHERE body = 'c'") == "1")
        #expect(try again.sql("SELECT is_named FROM ledger.blobs WHERE length(body) > 1") == "t")
        #expect(try again.root.call("GET", "\(person.path)/backup")["data"].stringValue == blob)
    }

    /// The boxes of events as hexadecimal digits, as a dump has them.
    private static func boxes(_ events: JSONValue) -> [String] {
        (events.arrayValue ?? []).compactMap { $0["secret"].stringValue.flatMap { Base64.decode($0) }.map(Hex.encode) }
    }
}

extension Service {
    func waitForProjections(upTo position: Int64) throws {
        let isLevel = try eventually {
            try root.call("GET", "/v1/projections").items.allSatisfy {
                ($0["lag_events"].integerValue ?? 1) == 0 || ($0["position"].integerValue ?? 0) >= position
            }
        }
        guard isLevel else { throw TestFailure("the read models are behind") }
    }
}
