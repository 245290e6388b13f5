import StrictJSON
import Testing

/// The backup, its owner, its version (docs/misakey.md).
@Suite struct MisakeyBackupTests {
    let root: Client

    init() throws { root = try Service.shared().root }

    private func put(_ person: MisakeyPerson, _ version: Int64, _ data: String = "bmV1", _ client: Client? = nil) throws
        -> Response
    {
        try (client ?? person.client()).call(
            "PUT", person.backup, ["data": .string(data), "version": .integer(version)])
    }

    @Test func `a backup is replaced by the next version alone`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        let accepted = try put(person, 2)
        #expect(accepted.status == 204 && accepted.body.isEmpty)
        let read = try client.call("GET", person.backup)
        #expect(read.status == 200 && read.text == #"{"data":"bmV1","version":2}"#)
        for version in [2, 1, -1, 4, .max, .min] as [Int64] {
            expectMisakey(
                try put(person, version), 409, "conflict", "body", ["version": "conflict", "expected_version": "3"])
        }
        #expect(try client.call("HEAD", person.backup).body.isEmpty)
        #expect(try client.call("GET", person.backup)["version"] == 2)
    }

    @Test(arguments: [
        "YQ==", "YR==", "YWI=", "YWJ=", "YWJj", "Yn+/", "ZmFrZVJhbmRvbVNhbHR=",
    ])
    func `a text comes back as it was written`(text: String) throws {
        let person = try MisakeyPerson.withAccount(root, backup: text)
        #expect(try person.client().call("GET", person.backup)["data"] == .string(text))
        #expect(try put(person, 2, text).status == 204)
        #expect(try person.client().call("GET", person.backup)["data"] == .string(text))
    }

    @Test func `large texts come back byte for byte, and too large ones are refused`() throws {
        let person = try MisakeyPerson.withAccount(root)
        var version: Int64 = 2
        for count in [65_532, 65_536, 65_540, 1 << 20, 8 << 20] {
            // Every four digits differ, and the last group has its own spelling.
            let text =
                String(
                    (0..<(count / 4 - 1)).flatMap { number in
                        String(String(1_000 + number % 9_000).prefix(4))
                    }) + "YR=="
            #expect(try put(person, version, text).status == 204)
            let read = try person.client().call("GET", person.backup)
            #expect(read["data"] == .string(text) && read["version"] == .integer(version))
            version += 1
        }
        let long = String(repeating: "a", count: (8 << 20) + 4)
        expectMisakey(try put(person, version, long), 413, "request_entity_too_large", "body", [:])
        let longer = String(repeating: "a", count: 17 << 20)
        expectMisakey(try put(person, version, longer), 413, "request_entity_too_large", "body", [:])
        let new = try MisakeyPerson(root)
        expectMisakey(try new.create(backup: .string(long)), 413, "request_entity_too_large", "body", [:])
        #expect(try new.create(backup: .string(String(repeating: "a", count: 1 << 20))).status == 201)
    }

    @Test func `fifty puts of one version have one winner`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        let responses = atOnce(50) { number in
            try put(person, 2, Base64.encode(Array("\(number)".utf8)), client)
        }.compactMap { try? $0.get() }
        #expect(responses.filter { $0.status == 204 }.count == 1 && responses.count == 50)
        for response in responses where response.status != 204 {
            expectMisakey(response, 409, "conflict", "body", ["version": "conflict", "expected_version": "3"])
        }
        #expect(try client.call("GET", person.backup)["version"] == 2)
    }

    @Test func `every identity of the account owns the backup, nobody else does`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let (friend, stranger) = (try MisakeyPerson(root), try MisakeyPerson.withAccount(root))
        let client = try friend.client()
        for client in [client, try stranger.client()] {
            for path in [person.backup, "/accounts/3f0c2ad1-6a49-4d86-9d9b-1f64d9d7f0aa/backup"] {
                let read = try client.call("GET", path)
                expectMisakey(read, 403, "forbidden", "path", ["account_id": "forbidden"])
                let written = try client.call("PUT", path, ["data": "YQ==", "version": 2])
                expectMisakey(written, 403, "forbidden", "path", ["account_id": "forbidden"])
            }
        }
        let link: JSONValue = ["account_id": .string(person.account)]
        #expect(try root.call("POST", "/v1/identities/\(friend.identity)/link", link).status == 200)
        // The same token: what counts is the link as it is now.
        #expect(try client.call("GET", person.backup)["version"] == 1)
        #expect(try client.call("PUT", person.backup, ["data": "YQ==", "version": 2]).status == 204)
        #expect(try root.call("POST", "/v1/identities/\(friend.identity)/unlink", link).status == 200)
        expectMisakey(
            try client.call("GET", person.backup), 403, "forbidden", "path", ["account_id": "forbidden"])
        for other in [root, try root.account().client(), try root.account().keyClient()] {
            expectMisakey(
                try other.call("GET", person.backup), 401, "unauthorized", "headers", ["Authorization": "invalid"],
                "there is no other way in")
        }
    }

    @Test func `bad bodies are refused and change nothing`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        let version = try person.version()
        let cases: [(String, [String: String]?)] = [
            (#"{"data":"YQ=="}"#, ["version": "required"]), (#"{"data":"YQ==","version":0}"#, ["version": "required"]),
            (#"{"data":"YQ==","version":null}"#, ["version": "required"]),
            (#"{"data":"YQ==","version":"2"}"#, ["version": "malformed"]),
            (#"{"data":"YQ==","version":2.5}"#, ["version": "malformed"]),
            (#"{"data":"YQ==","version":2.0}"#, ["version": "malformed"]),
            (#"{"data":"YQ==","version":2e0}"#, ["version": "malformed"]),
            (#"{"data":"YQ==","version":true}"#, ["version": "malformed"]),
            (#"{"data":"YQ==","version":[2]}"#, ["version": "malformed"]),
            (#"{"data":"YQ==","version":9223372036854775808}"#, ["version": "malformed"]),
            (#"{"data":"YQ==","version":1e400}"#, ["version": "malformed"]),
            (#"{"version":2}"#, ["data": "required"]), (#"{"data":"","version":2}"#, ["data": "required"]),
            (#"{"data":7,"version":2}"#, ["data": "malformed"]), (#"{"data":"YQ","version":2}"#, ["data": "malformed"]),
            (#"{"data":"Y-_=","version":2}"#, ["data": "malformed"]),
            (#"{"data":"YQ==\n","version":2}"#, ["data": "malformed"]),
            (#"{"data":"é===","version":2}"#, ["data": "malformed"]),
            (#"{"data":"====","version":2}"#, ["data": "malformed"]),
            (#"{"data":"Y===","version":2}"#, ["data": "malformed"]),
            (#"{"backup_data":"YQ==","version":2}"#, ["data": "required"]),
            (#"{}"#, ["data": "required", "version": "required"]), ("[]", [:]), ("", [:]), ("7", [:]), ("null", [:]),
            ("{", [:]), (#"{"data":"YQ==","version":2,}"#, [:]), (#"{"data":"YQ==","data":"YQ==","version":2}"#, [:]),
            ("\u{feff}{}", [:]), (#"{"data":"a\u0000","version":2}"#, nil), (#"{"data":"\ud800","version":2}"#, [:]),
            (String(repeating: "[", count: 100), [:]), (#"{"version":02}"#, [:]), ("{\"a\":NaN}", [:]),
        ]
        for (body, details) in cases {
            let response = try client.call("PUT", person.backup, bytes: Array(body.utf8))
            expectMisakey(response, 400, "bad_request", "body", details, "\(body)")
        }
        let wrongType = try client.call(
            "PUT", person.backup, bytes: Array(#"{"data":"YQ==","version":2}"#.utf8),
            headers: [("Content-Type", "text/plain")])
        expectMisakey(wrongType, 400, "bad_request", "headers", ["Content-Type": "invalid"])
        let bytes = try client.call("PUT", person.backup, bytes: [0x7B, 0xFF, 0x7D])
        expectMisakey(bytes, 400, "bad_request", "body", [:])
        #expect(try person.version() == version)
        let extra = #"{"data":"YQ==","version":2,"unknown":[1,{"a":2}]}"#
        #expect(try client.call("PUT", person.backup, bytes: Array(extra.utf8)).status == 204, "unknown members pass")
    }

    @Test func `paths and methods that are not there answer in the dialect`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        for path in ["/accounts/x/y", "/identities", "/crypto", "/crypto/x", "/auth", "/auth/login", "/csrf/x"] {
            expectMisakey(try client.call("GET", path), 404, "not_found", "path", [:], "\(path)")
        }
        expectMisakey(try client.call("TRACE", "/accounts/x/y"), 404, "not_found", "path", [:])
        for (method, path) in [
            ("POST", person.backup), ("DELETE", person.parameters), ("GET", "/auth/identities"), ("POST", "/csrf"),
            ("PATCH", person.password), ("GET", "/crypto/migration/v2"), ("TRACE", person.backup),
            ("PROPFIND", person.password),
        ] {
            let response = try client.call(method, path)
            expectMisakey(response, 405, "method_not_allowed", "path", [:], "\(path)")
            #expect(response.header("Allow") != nil)
        }
        expectMisakey(
            try client.call("GET", "/accounts/nonsense/backup"), 400, "bad_request", "path", ["account_id": "malformed"]
        )
    }

    @Test func `what is malformed around a body is told by its part`() throws {
        let person = try MisakeyPerson.withAccount(root)
        let client = try person.client()
        for (path, name) in [
            ("/accounts/%FF/backup", "account_id"), ("/accounts/%0/pwd-params", "account_id"),
            ("/account/%zz/password", "account_id"),
            ("/identities/%FF", "identity_id"), ("/crypto/secret-storage/box-key-shares/%FF", "box_id"),
        ] {
            let method = name == "box_id" || path.hasSuffix("password") ? "PUT" : "GET"
            expectMisakey(try client.call(method, path), 400, "bad_request", "path", [name: "malformed"], "\(path)")
            if path.hasSuffix("pwd-params") { continue }
            // Who asks comes first: no credential, a broken one, a token against forged requests, a weak login.
            let stranger = root.with(nil)
            expectMisakey(
                try stranger.call(method, path), 401, "unauthorized", "headers", ["Authorization": "required"],
                "\(path)")
            expectMisakey(
                try stranger.call(method, path, headers: [("Authorization", "x")]), 401, "unauthorized", "headers",
                ["Authorization": "malformed"], "\(path)")
            if method == "PUT" {
                expectMisakey(
                    try stranger.call(method, path, headers: [("Cookie", "accesstoken=x; tokentype=bearer")]), 403,
                    "forbidden", "headers", ["csrf_token": "invalid"], "\(path)")
            }
            expectMisakey(
                try person.client(0).call(method, path), 403, "forbidden", "acr", nil, "\(path)")
        }
        for refused in ["\(person.backup)?a=%zz", "/crypto/secret-storage?a=1&a=2"] {
            expectMisakey(
                try root.with(nil).call("GET", refused), 401, "unauthorized", "headers", ["Authorization": "required"])
            expectMisakey(try client.call("GET", refused), 400, "bad_request", "query", [:], "\(refused)")
        }
        let packed = [("Content-Encoding", "gzip")]
        expectMisakey(
            try root.with(nil).call("PUT", person.backup, ["a": 1], headers: packed), 401, "unauthorized", "headers",
            ["Authorization": "required"])
        expectMisakey(
            try client.call("PUT", person.backup, ["a": 1], headers: packed), 400, "bad_request", "headers",
            ["Content-Encoding": "invalid"])
        // More than is taken at all, told by its length: nobody waits for it, and a stranger learns nothing of limits.
        for (credential, status) in [("", 401), ("Authorization: Bearer \(try person.token(2))\r\n", 413)] {
            let connection = try HTTPConnection(port: try Service.shared().port)
            try connection.send(
                "PUT \(person.backup) HTTP/1.1\r\nHost: localhost\r\n\(credential)Content-Type: application/json\r\n"
                    + "Content-Length: 1000000000\r\n\r\n")
            let (code, origin) = status == 401 ? ("unauthorized", "headers") : ("request_entity_too_large", "body")
            expectMisakey(try connection.readResponse(to: "PUT"), status, code, origin)
        }
        let long = "/accounts/\(String(repeating: "a", count: 9_000))/backup"
        expectMisakey(
            try root.with(nil).call("GET", long), 401, "unauthorized", "headers", ["Authorization": "required"])
        expectMisakey(try client.call("GET", long), 400, "bad_request", "path", ["account_id": "malformed"])
        expectMisakey(try client.call("GET", "\(long)/more"), 400, "bad_request", "path", [:])
        expectMisakey(try client.call("GET", "\(person.backup)?a=1&a=2"), 400, "bad_request", "query", [:])
        let twice = [("Content-Type", "application/json"), ("Content-Type", "application/json")]
        let body: JSONValue = ["data": "YQ==", "version": 2]
        expectMisakey(
            try client.call("PUT", person.backup, body, headers: twice), 400, "bad_request", "headers", [:])
    }
}
