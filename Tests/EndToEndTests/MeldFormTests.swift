import StrictJSON
import Testing

/// What holds for every request: routes, order of checks, media types, names, errors.
@Suite struct MeldFormTests {
    @Test func `unknown paths and methods are refused in this dialect`() throws {
        let meld = try Meld.shared()
        for path in [
            "nothing", "", "/api/v1", "user", "user/", "user/a/", "user/a/b", "user/a/key/b", "user/a/publicKey",
            "userx/a",
        ] {
            expectMeld(try meld.call("GET", path), 404, "ResourceNotFound", "\(path)")
            expectMeld(try meld.call("POST", path), 404, "ResourceNotFound", "\(path)")
        }
        for (method, path, allow) in [
            ("GET", "user/a/activation", "POST"), ("DELETE", "user/a", "GET, HEAD, PATCH"),
            ("PUT", "user/a/key", "POST"), ("POST", "context", "GET, HEAD"), ("POST", "publicKey", "GET, HEAD"),
            ("GET", "domain/a/b", "PUT"), ("PUT", "user/a/publicKey/abcdef", "GET, HEAD"),
            ("GET", "remotes/decision", "POST"), ("GET", "/activate", "POST"), ("POST", "/register", "GET, HEAD"),
        ] {
            for method in [method, "OPTIONS", "TRACE"] {
                let response = try meld.call(method, path)
                expectMeld(response, 405, "MethodNotAllowed", "\(method) \(path)")
                #expect(response.header("Allow") == allow, "\(method) \(path)")
            }
        }
        expectMeld(try meld.call("OPTIONS", "user/a/b"), 404, "ResourceNotFound")
        expectMeld(try meld.call("TRACE", "user/a"), 405, "MethodNotAllowed")
        expectMeld(try meld.call("TRACE", "user/a/b"), 404, "ResourceNotFound")
    }

    @Test(arguments: [
        "Abc", "a.b", "a%20b", "a%0A", "abc%0A", "%C3%A4", "a%2Fb", "a%00", "%ff", "a%", "a%zz", "a@b", "a:b", "a+b",
        "%2e%2e", "A", String(repeating: "a", count: 101), "a#b", String(repeating: "a", count: 10_000),
    ])
    func `a name that no account can have is not found, before anybody is asked who they are`(name: String) throws {
        let meld = try Meld.shared()
        let head = try meld.service.root.head()
        for (method, path, body) in [
            ("POST", "user/\(name)/activation", ["email": "a@example.org"] as JSONValue?),
            ("POST", "user/\(name)/key", nil), ("PATCH", "user/\(name)", nil), ("GET", "user/\(name)", nil),
            ("GET", "user/\(name)/publicKey/abcdef", nil),
        ] {
            for authorization in [nil, meld.root] {
                expectMeld(try meld.call(method, path, body, as: authorization), 404, "NotFound", "\(method) \(path)")
            }
        }
        #expect(try meld.service.root.head() == head)
    }

    @Test func `short, long and odd names are names`() throws {
        let meld = try Meld.shared()
        for name in ["-", "_", "0", String(repeating: "z", count: 100), "%61lice-\(Unique.name())"] {
            #expect(try meld.call("POST", "user/\(name)/key", as: meld.root).status == 200, "\(name)")
        }
    }

    @Test func `checks come in their order`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        // Authorization before body, body before name, name before type, type before who asks.
        expectMeld(try meld.send("PATCH", "user/Bad", "{", as: "Basic"), 400, "InvalidHeader")
        expectMeld(try meld.send("PATCH", "user/Bad", "{", as: account.basic), 400, "InvalidContent")
        expectMeld(try meld.send("PATCH", "user/Bad", "{}", type: "text/plain", as: account.basic), 400, "BadRequest")
        expectMeld(try meld.call("POST", "user/Bad/key?type=x"), 404, "NotFound")
        expectMeld(try meld.call("POST", "user/a/key?type=x", as: "Bearer x"), 400, "BadRequest")
        expectMeld(try meld.send("DELETE", "user/Bad", "{", as: "Basic"), 405, "MethodNotAllowed")
        expectMeld(try meld.send("POST", "user/a/key?type=%zz", "{}", as: "Basic"), 400, "InvalidHeader")
        // The same for a name that cannot be decoded, or a query, or a body that cannot be unpacked.
        for name in ["Bad", "%ff", "%00", "a%2Fb", "a%"] {
            expectMeld(try meld.send("PATCH", "user/\(name)?x=%zz", "{", as: "Basic"), 400, "InvalidHeader", "\(name)")
            expectMeld(try meld.send("PATCH", "user/\(name)?x=%zz", "{"), 400, "InvalidContent", "\(name)")
            expectMeld(try meld.send("POST", "user/\(name)/key?x=%zz", "{}", type: nil), 400, "BadRequest", "\(name)")
            expectMeld(try meld.call("POST", "user/\(name)/key?type=%zz"), 404, "NotFound", "\(name)")
        }
        for (authorization, code) in [("Basic", "InvalidHeader"), (account.basic, "BadRequest")] {
            let packed = [("Content-Encoding", "gzip")]
            expectMeld(
                try meld.call("POST", "user/Bad/key", ["a": 1], as: authorization, headers: packed), 400, code, "packed"
            )
        }
        expectMeld(
            try meld.call("POST", "nothing", ["a": 1], headers: [("Content-Encoding", "gzip")]), 404, "ResourceNotFound"
        )
        expectMeld(try meld.call("POST", "user/a/key?type=%zz"), 400, "BadRequest")
        // A query that a route has no use for is not looked at.
        #expect(try meld.call("GET", "context?x=%zz").status == 200)
        // A key id or a domain's name that cannot be decoded is one more that nobody has.
        expectMeld(try meld.call("GET", "\(account.path)/publicKey/%ff"), 401, "Unauthorized")
        expectMeld(try meld.call("GET", "\(account.path)/publicKey/%ff", as: account.basic), 401, "Unauthorized")
        expectMeld(try meld.call("GET", "user/\(Unique.name())/publicKey/%ff", as: account.basic), 403, "Forbidden")
        expectMeld(try meld.call("PUT", "domain/\(account.name)/%ff"), 401, "Unauthorized")
        expectMeld(try meld.call("PUT", "domain/\(account.name)/%ff", as: account.basic), 400, "BadRequest")
        // Who asks before what they may, and that before what they want.
        expectMeld(try meld.send("PATCH", account.path, #"{"x":1}"#), 401, "Unauthorized")
        expectMeld(try meld.send("PATCH", "user/\(Unique.name())", #"{"x":1}"#, as: account.basic), 403, "Forbidden")
        expectMeld(try meld.send("PATCH", account.path, #"{"x":1}"#, as: account.basic), 400, "BadRequest")
        let erased = try meld.accountOfRoot()
        #expect(try meld.service.root.call("DELETE", "/v1/accounts/\(meld.id(of: erased.name))").status == 204)
        for name in [Unique.name(), meld.rootName, erased.name] {
            expectMeld(
                try meld.send("PATCH", "user/\(name)", #"{"x":1}"#, as: meld.root), 403, "Forbidden", "no account")
        }
    }

    @Test func `a body that is too large is refused behind an Authorization that cannot be read`() throws {
        let meld = try Meld.shared()
        for (authorization, status, code) in [("Basic", 400, "InvalidHeader"), (meld.root, 413, "PayloadTooLarge")] {
            for body in [
                ["Content-Length: 100000000"],
                ["Transfer-Encoding: chunked", "", "5F5E100", String(repeating: " ", count: 3 << 20)],
            ] {
                let connection = try HTTPConnection(port: meld.service.port)
                let head = [
                    "PATCH /api/v1/user/a HTTP/1.1", "Host: localhost", "Authorization: \(authorization)",
                    "Content-Type: application/json",
                ]
                try connection.send((head + body).joined(separator: "\r\n") + (body.count == 1 ? "\r\n\r\n" : ""))
                expectMeld(try connection.readResponse(to: "PATCH"), status, code)
            }
        }
    }

    @Test func `an Authorization of one word is an invalid header, everywhere`() throws {
        let meld = try Meld.shared()
        for text in ["Basic", "Bearer", "x", "Basic ", "\(meld.rootKey)"] {
            for (method, path) in [
                ("POST", "user/a/activation"), ("POST", "user/a/key"), ("GET", "user/a"), ("GET", "user/%00"),
            ] {
                expectMeld(try meld.call(method, path, as: text), 400, "InvalidHeader", "\(text) \(path)")
            }
        }
        expectMeld(
            try meld.call("GET", "user/a", as: meld.root, headers: [("authorization", meld.root)]), 400, "InvalidHeader"
        )
    }

    @Test(arguments: [
        "application/json", "application/json; charset=utf-8", "Application/JSON", "application/json;charset=latin1",
        "application/ld+json", "application/vnd.m.ld+json", "application/LD+JSON; x=y",
    ])
    func `JSON comes under many names`(type: String) throws {
        let meld = try Meld.shared()
        let body = #"{"email":"a@example.org"}"#
        #expect(try meld.send("POST", "user/\(Unique.name())/activation", body, type: type).status == 200)
    }

    @Test(arguments: [
        nil, "text/plain", "application/x-www-form-urlencoded", "application/xml", "text/json", "application/+json",
        "application/a-b+json", "application/a1+json", "application/jsonx", "multipart/form-data; boundary=x",
    ])
    func `anything else is a bad request, not another status`(type: String?) throws {
        let meld = try Meld.shared()
        let body = #"{"email":"a@example.org"}"#
        let response = try meld.send("POST", "user/\(Unique.name())/activation", body, type: type)
        expectMeld(response, 400, "BadRequest")
    }

    @Test func `a compressed body is a bad request too`() throws {
        let meld = try Meld.shared()
        let response = try meld.call(
            "POST", "user/a/activation", ["email": "a@example.org"], headers: [("Content-Encoding", "gzip")])
        expectMeld(response, 400, "BadRequest")
    }

    @Test func `Accept changes nothing but the context`() throws {
        let meld = try Meld.shared()
        for accept in ["text/html", "application/xml", "*/*", "application/json;q=0"] {
            let headers = [("Accept", accept)]
            let response = try meld.call(
                "POST", "user/\(Unique.name())/activation", ["email": "a@example.org"], headers: headers)
            #expect(response.status == 200 && response.header("Content-Type") == "application/json")
            expectMeld(try meld.call("GET", "user/a", headers: headers), 401, "Unauthorized")
            expectMeld(try meld.call("GET", "nothing", headers: headers), 404, "ResourceNotFound")
        }
    }

    @Test func `the context is told as it is, and as a page to whoever names HTML`() throws {
        let meld = try Meld.shared()
        let expected =
            #"{"@base":"http://localhost/","@vocab":"http://gw.m-ld.org/#","naming":{"@type":"@vocab"},"remotesAuth":{"@type":"@vocab"}}"#
        for accept in ["*/*", "application/json", "application/ld+json, */*;q=0.1", "text/html;q=0", "text/*"] {
            let response = try meld.call("GET", "context", headers: [("Accept", accept)])
            #expect(response.status == 200 && response.header("Content-Type") == "application/ld+json")
            #expect(response.text == expected)
        }
        let page = try meld.call("GET", "context", headers: [("Accept", "application/json, text/html;q=0.9")])
        #expect(page.header("Content-Type")?.hasPrefix("text/html") == true)
        #expect(page.text.contains("<pre>") && page.text.replacing("&quot;", with: "\"").contains(expected))
    }

    @Test func `a body that is too large is refused in this dialect`() throws {
        let meld = try Meld.shared()
        let body = "{\"email\":\"" + String(repeating: "a", count: 3 << 20) + "\"}"
        let connection = try HTTPConnection(port: meld.service.port)
        try connection.send(
            "POST /api/v1/user/a/activation HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        )
        expectMeld(try connection.readResponse(), 413, "PayloadTooLarge")
    }
}
