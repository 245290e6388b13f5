import PKI
import StrictJSON
import Testing

/// Keys and who may do what: docs/mld-gateway.md.
@Suite struct MeldKeyTests {
    @Test func `root makes an account with a key in one append, and another key where there is one`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        for _ in 0..<2 {
            let response = try meld.call("POST", "user/\(name)/key", as: meld.root)
            #expect(response.status == 200 && response.json.objectValue?.keys.map { $0 } == ["auth"])
        }
        #expect(try meld.events(of: name) == ["account.created.v1", "key.issued.v1", "key.issued.v1"])
        #expect(try meld.call("GET", "user/\(name)", as: meld.root)["email"] == [])
    }

    @Test func `an account asks for keys of its own`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let response = try meld.call("POST", "\(account.path)/key", as: account.basic)
        let key = try #require(response["auth"]["key"].stringValue)
        #expect(try meld.call("POST", "\(account.path)/key", as: Meld.basic(account.name, key)).status == 200)
        #expect(try meld.call("POST", "\(account.path)/key", as: account.basic).status == 200)
    }

    @Test func `a key's pair is encrypted under the key's secret alone`() throws {
        let meld = try Meld.shared()
        let name = Unique.name()
        let response = try meld.call("POST", "user/\(name)/key?type=rsa", as: meld.root)
        #expect(response["key"].objectValue?.keys.map { $0 } == ["type", "public", "private"])
        let key = try #require(response["auth"]["key"].stringValue)
        let secret = try #require(key.split(separator: ":").last)
        let spki = try #require(response["key"]["public"].stringValue.flatMap { Base64.decode($0) })
        let sealed = try #require(response["key"]["private"].stringValue.flatMap { Base64.decode($0) })
        let pair = try RSAKeyPair(encryptedPKCS8: sealed, passphrase: Array(secret.utf8))
        #expect(pair.publicKeySPKI == spki && pair.bits == 2_048)
        #expect(throws: PKIError.wrongPassphrase) {
            try RSAKeyPair(encryptedPKCS8: sealed, passphrase: Array(key.utf8))
        }
    }

    @Test(arguments: ["?type=", "?type", "?type=ec", "?type=RSA", "?type=rsa%20"])
    func `a type other than rsa is refused before anybody is asked who they are`(query: String) throws {
        let meld = try Meld.shared()
        for authorization in [nil, meld.root, Meld.basic("a", "b")] {
            expectMeld(try meld.call("POST", "user/\(Unique.name())/key\(query)", as: authorization), 400, "BadRequest")
        }
    }

    @Test func `root gets no key for itself`() throws {
        let meld = try Meld.shared()
        expectMeld(try meld.call("POST", "user/\(meld.rootName)/key", as: meld.root), 403, "Forbidden")
        expectMeld(try meld.call("POST", "user/\(meld.rootName)/key"), 401, "Unauthorized")
        let account = try meld.account()
        expectMeld(try meld.call("POST", "user/\(meld.rootName)/key", as: account.basic), 403, "Forbidden")
        #expect(try meld.service.root.call("POST", "/v1/accounts", ["name": .string(meld.rootName)]).status == 409)
    }

    @Test func `another account is forbidden what it is not told to exist`() throws {
        let meld = try Meld.shared()
        let (account, other) = (try meld.account(), try meld.account())
        let missing = Unique.name()
        var bodies: Set<String> = []
        for name in [account.name, missing] {
            for (method, path, body) in Self.calls(name) {
                let response = try meld.call(method, path, body, as: other.basic)
                expectMeld(response, 403, "Forbidden", "\(method) \(path)")
                bodies.insert(response.text)
                expectMeld(try meld.call(method, path, body), 401, "Unauthorized", "\(method) \(path)")
            }
        }
        #expect(bodies == [#"{"code":"Forbidden","message":""}"#])
    }

    @Test func `an administrator is another account here`() throws {
        let meld = try Meld.shared()
        let (account, admin) = (try meld.account(), try meld.account())
        let path = "/v1/accounts/\(try meld.id(of: account.name))/admins/\(try meld.id(of: admin.name))"
        #expect(try meld.service.root.call("PUT", path).status == 204)
        for (method, path, body) in Self.calls(account.name) {
            expectMeld(try meld.call(method, path, body, as: admin.basic), 403, "Forbidden")
        }
    }

    @Test func `root makes what is missing by a key, and is forbidden to patch it or to read its keys`() throws {
        let meld = try Meld.shared()
        let missing = Unique.name()
        let patch: JSONValue = ["@insert": ["remotesAuth": "jwt"]]
        expectMeld(try meld.call("PATCH", "user/\(missing)", patch, as: meld.root), 403, "Forbidden")
        expectMeld(try meld.call("GET", "user/\(missing)/publicKey/abcdef", as: meld.root), 403, "Forbidden")
        expectMeld(try meld.call("GET", "user/\(missing)", as: meld.root), 404, "NotFound")
        #expect(try meld.call("POST", "user/\(missing)/key", as: meld.root).status == 200)
        #expect(try meld.call("PATCH", "user/\(missing)", patch, as: meld.root).status == 204)
    }

    @Test func `credentials that are wrong in whatever way are answered alike`() throws {
        let meld = try Meld.shared()
        let (account, other) = (try meld.account(), try meld.account())
        let secret = String(account.key.split(separator: ":")[1])
        let changed = secret.dropLast() + (secret.hasSuffix("a") ? "b" : "a")
        let wrong: [(String, String)] = [
            (Unique.name(), account.key), (account.name.uppercased(), account.key), (other.name, account.key),
            (try meld.id(of: account.name), account.key), (account.name, other.key), (account.name, ""),
            (account.name, "x"), (account.name, "x.y"), (account.name, "\(meld.application).\(account.keyID)"),
            (account.name, "\(meld.application).\(account.keyID):"), (account.name, "other.\(account.keyID):\(secret)"),
            (account.name, ".\(account.keyID):\(secret)"), (account.name, "\(account.key):x"),
            (account.name, "\(meld.application).x.\(account.keyID):\(secret)"),
            (account.name, "\(meld.application).\(account.keyID):\(changed)"), (account.name, meld.rootKey),
            ("", account.key), (meld.rootName, account.key), ("\(meld.rootName)x", meld.rootKey),
        ]
        for (name, key) in wrong {
            let response = try meld.call("GET", account.path, as: Meld.basic(name, key))
            expectMeld(response, 401, "Unauthorized", "\(name) \(key.prefix(12))")
        }
        for text in [
            "Basic !!!!", "Basic \(Base64.encode(Array(account.name.utf8)))", "Basic /w==", "Digest a=b", "x y",
        ] {
            expectMeld(try meld.call("GET", account.path, as: text), 401, "Unauthorized", "\(text)")
        }
        #expect(try meld.call("GET", account.path, as: account.basic).status == 200)
        #expect(try meld.call("GET", account.path, as: "bAsIc \(account.basic.dropFirst(6))").status == 200)
    }

    @Test func `a revoked key opens nothing, and a blocked account may do nothing`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let id = try meld.id(of: account.name)
        let root = meld.service.root
        #expect(try root.call("POST", "/v1/accounts/\(id)/block", JSONValue.object([:])).status < 300)
        for (method, path, body) in Self.calls(account.name) {
            expectMeld(try meld.call(method, path, body, as: account.basic), 403, "Forbidden")
        }
        let token = try meld.token(account.name, account.email)
        expectMeld(try meld.redeem(account.name, token, try meld.code(of: token)), 403, "Forbidden")
        #expect(try root.call("POST", "/v1/accounts/\(id)/unblock", JSONValue.object([:])).status < 300)
        #expect(try root.call("DELETE", "/v1/accounts/\(id)/keys/\(account.keyID)").status == 204)
        expectMeld(try meld.call("GET", account.path, as: account.basic), 401, "Unauthorized")
        expectMeld(
            try meld.call("GET", account.path, as: "Bearer \(account.token(#""iss":"\#(account.name)""#))"), 401,
            "Unauthorized")
        #expect(try meld.call("GET", account.path, as: meld.root)["key"] == [])
    }

    @Test func `an erased account stays gone, and so does its name`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let token = try meld.token(account.name, account.email)
        let code = try meld.code(of: token)
        #expect(try meld.service.root.call("DELETE", "/v1/accounts/\(try meld.id(of: account.name))").status == 204)
        expectMeld(try meld.request(account.name, account.email), 401, "Unauthorized")
        expectMeld(try meld.redeem(account.name, token, code), 401, "Unauthorized")
        expectMeld(try meld.call("POST", "\(account.path)/key", as: meld.root), 403, "Forbidden")
        expectMeld(try meld.call("GET", account.path, as: meld.root), 404, "NotFound")
        expectMeld(try meld.call("GET", account.path, as: account.basic), 401, "Unauthorized")
    }

    @Test func `a native account with a name is served here too`() throws {
        let meld = try Meld.shared()
        let person = try meld.service.root.account(["emails": [.string("n@example.org")]])
        #expect(try meld.call("POST", "user/\(person.name)/key", as: meld.root).status == 200)
        let token = try meld.token(person.name, "n@example.org")
        let key = try meld.redeem(person.name, token, try meld.code(of: token))
        #expect(key.status == 200)
        let basic = Meld.basic(person.name, key["auth"]["key"].stringValue ?? "")
        #expect(
            try meld.call("PATCH", "user/\(person.name)", ["@insert": ["remotesAuth": "jwt"]], as: basic).status == 204)
        #expect(try meld.service.root.call("GET", "\(person.path)/remotes-auth")["remotes_auth"] == ["jwt"])
    }

    /// One request of each kind that an account's name is asked with.
    private static func calls(_ name: String) -> [(String, String, JSONValue?)] {
        [
            ("POST", "user/\(name)/key", nil), ("PATCH", "user/\(name)", ["@insert": ["remotesAuth": "jwt"]]),
            ("PATCH", "user/\(name)", ["nonsense": true]), ("PATCH", "user/\(name)", nil),
            ("GET", "user/\(name)/publicKey/abcdef", nil), ("GET", "user/\(name)", nil),
        ]
    }
}
