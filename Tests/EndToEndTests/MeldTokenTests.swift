import Foundation
import PKI
import StrictJSON
import Testing

/// Tokens that accounts sign with the pairs of their keys, and public keys.
@Suite struct MeldTokenTests {
    private static func now() -> Int { Int(time(nil)) }

    @Test func `a token of the account is as good as its key`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        for issuer in [account.name, "http://localhost/\(account.name)"] {
            let bearer = "Bearer \(try account.token(#""iss":"\#(issuer)""#))"
            #expect(try meld.call("GET", account.path, as: bearer).status == 200)
            #expect(
                try meld.call("PATCH", account.path, ["@insert": ["remotesAuth": "jwt"]], as: bearer).status == 204)
            #expect(try meld.call("POST", "\(account.path)/key", as: bearer).status == 200)
            #expect(try meld.call("GET", "\(account.path)/publicKey/\(account.keyID)", as: bearer).status == 200)
        }
        let other = try meld.account()
        expectMeld(
            try meld.call("GET", account.path, as: "Bearer \(other.token(#""iss":"\#(other.name)""#))"), 403,
            "Forbidden")
    }

    @Test func `a token for an end user opens connections, and no account`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let iss = #""iss":"\#(account.name)""#
        for (claims, status) in [
            (iss, 200), (iss + #","sub":"\#(account.name)""#, 200),
            (iss + #","sub":"http://localhost/\#(account.name)""#, 200), (iss + #","sub":"https://bob.example/""#, 403),
            (iss + #","sub":"""#, 403), (iss + #","sub":"https://localhost/\#(account.name)""#, 403),
            (iss + #","sub":null"#, 401), (iss + #","sub":1"#, 401), (iss + #","aud":"anything""#, 200),
            (iss + #","aud":"http://localhost/#remotes""#, 403),
            (iss + #","aud":["x","http://localhost/#remotes"]"#, 403),
        ] {
            let response = try meld.call("GET", account.path, as: "Bearer \(account.token(claims))")
            #expect(response.status == status, "\(claims)")
        }
    }

    @Test func `time is kept without leeway`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        let now = Self.now()
        for (claim, status) in [
            (#""exp":\#(now + 60)"#, 200), (#""exp":\#(now + 60).5"#, 200), (#""exp":\#(now - 1)"#, 401),
            (#""exp":0"#, 401), (#""exp":"\#(now + 60)""#, 401), (#""exp":null"#, 401), (#""nbf":\#(now - 1)"#, 200),
            (#""nbf":\#(now + 60)"#, 401), (#""exp":1e99"#, 200), (#""exp":-1"#, 401),
        ] {
            let token = try account.token(#""iss":"\#(account.name)",\#(claim)"#)
            #expect(try meld.call("GET", account.path, as: "Bearer \(token)").status == status, "\(claim)")
        }
    }

    @Test func `nothing but RS256 by a living key of the issuer is believed`() throws {
        let meld = try Meld.shared()
        let (account, other) = (try meld.account(), try meld.account())
        let claims = #""iss":"\#(account.name)""#
        func header(_ text: String) throws -> String { try account.token(claims, header: text) }
        let good = try account.token(claims)
        let parts = good.split(separator: ".").map { String($0) }
        let kid = account.keyID
        let wrong: [(String, String)] = [
            ("alg none", "\(MeldAccount.encode(Array(#"{"alg":"none","kid":"\#(kid)"}"#.utf8))).\(parts[1])."),
            ("alg none, signed", try header(#"{"alg":"none","kid":"\#(kid)"}"#)),
            ("HS256", try header(#"{"alg":"HS256","kid":"\#(kid)"}"#)),
            ("RS512", try header(#"{"alg":"RS512","kid":"\#(kid)"}"#)),
            ("PS256", try header(#"{"alg":"PS256","kid":"\#(kid)"}"#)),
            ("rs256", try header(#"{"alg":"rs256","kid":"\#(kid)"}"#)),
            ("no alg", try header(#"{"kid":"\#(kid)"}"#)), ("no kid", try header(#"{"alg":"RS256"}"#)),
            ("two algs", try header(#"{"alg":"RS256","alg":"none","kid":"\#(kid)"}"#)),
            ("critical", try header(#"{"alg":"RS256","kid":"\#(kid)","crit":["x"]}"#)),
            ("unknown kid", try header(#"{"alg":"RS256","kid":"aaaaaa"}"#)),
            ("another's kid", try header(#"{"alg":"RS256","kid":"\#(other.keyID)"}"#)),
            (
                "another's kid and signature",
                try account.token(claims, header: #"{"alg":"RS256","kid":"\#(other.keyID)"}"#, signing: other.pair)
            ),
            ("another's signature", try account.token(claims, signing: other.pair)),
            ("no issuer", try account.token(#""x":1"#)),
            ("issuer of another scheme", try account.token(#""iss":"https://localhost/\#(account.name)""#)),
            ("issuer of another gateway", try account.token(#""iss":"http://example.org/\#(account.name)""#)),
            ("issuer in capitals", try account.token(#""iss":"\#(account.name.uppercased())""#)),
            ("issuer unknown", try account.token(#""iss":"\#(Unique.name())""#)),
            ("cut", String(good.dropLast(8))), ("without signature", "\(parts[0]).\(parts[1])."),
            ("two parts", "\(parts[0]).\(parts[1])"),
            ("four parts", "\(good).x"), ("padded", "\(good)="),
            ("other claims", "\(parts[0]).\(MeldAccount.encode(Array("{\(claims),\"x\":1}".utf8))).\(parts[2])"),
            ("no JSON", "x.y.z"), ("dots", ".."), ("the key itself", account.key), ("the root key", meld.rootKey),
        ]
        #expect(try meld.call("GET", account.path, as: "Bearer \(good)").status == 200)
        for (what, token) in wrong {
            expectMeld(try meld.call("GET", account.path, as: "Bearer \(token)"), 401, "Unauthorized", "\(what)")
        }
    }

    @Test func `a public key is told in PEM, to root and its account alone`() throws {
        let meld = try Meld.shared()
        let (account, other) = (try meld.account(), try meld.account())
        let path = "\(account.path)/publicKey/\(account.keyID)"
        for authorization in [account.basic, meld.root] {
            let response = try meld.call("GET", path, as: authorization)
            #expect(response.status == 200 && response.header("Content-Type") == "application/x-pem-file")
            #expect(response.text == (try account.pair.publicKeyPEM()))
        }
        expectMeld(try meld.call("GET", path), 401, "Unauthorized")
        expectMeld(try meld.call("GET", path, as: other.basic), 403, "Forbidden")
        for id in ["aaaaaa", other.keyID, "x", ".\(account.keyID)", account.keyID.uppercased(), "0x1234"] {
            expectMeld(
                try meld.call("GET", "\(account.path)/publicKey/\(id)", as: account.basic), 401, "Unauthorized", "\(id)"
            )
        }
    }

    @Test func `root's public key is open, and the same for ever`() throws {
        let meld = try Meld.shared()
        let key = try meld.call("GET", "publicKey")
        #expect(key.status == 200 && key.header("Content-Type") == "application/x-pem-file")
        #expect(key.text.hasPrefix("-----BEGIN PUBLIC KEY-----\n") && key.text.hasSuffix("-----END PUBLIC KEY-----\n"))
        #expect(try meld.call("GET", "publicKey").text == key.text)
        let id = meld.rootKey.split(separator: ":")[0].split(separator: ".").last ?? ""
        #expect(try meld.call("GET", "user/\(meld.rootName)/publicKey/\(id)", as: meld.root).text == key.text)
        #expect(try meld.call("GET", "user/\(meld.rootName)", as: meld.root)["key"] == [["@id": .string(".\(id)")]])
    }
}
