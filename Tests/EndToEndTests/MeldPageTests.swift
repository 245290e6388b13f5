import StrictJSON
import Testing

/// The pages for people without a client.
@Suite struct MeldPageTests {
    private func post(_ meld: Meld, _ form: String, type: String? = "application/x-www-form-urlencoded") throws
        -> Response
    {
        try meld.send("POST", "/activate", form, type: type)
    }

    private func encode(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            let hex = String(byte, radix: 16)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.count < 2 ? "0" : "") + hex
        }.joined()
    }

    private func token(_ page: Response) -> String? {
        page.text.firstMatch(of: /name="jwe" value="([^"]*)"/).map { String($0.1) }
    }

    @Test func `somebody registers, types the code and sees the key once`() throws {
        let meld = try Meld.shared()
        let form = try meld.call("GET", "/register")
        #expect(form.status == 200 && form.text.contains("name=\"account\"") && form.text.contains("name=\"email\""))
        #expect(form.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
        for name in ["content-security-policy", "referrer-policy", "x-frame-options"] {
            #expect(form.headers.filter { $0.name == name }.count == 1, "\(name)")
        }
        let name = Unique.name()
        let page = try post(meld, "account=\(name)&email=\(encode("\(name)@example.org"))")
        let token = try #require(self.token(page))
        let code = try meld.code(of: token)
        #expect(page.status == 200 && !page.text.contains(code))
        let wrong = try post(meld, "code=\(try meld.wrongCode(for: token))&jwe=\(encode(token))")
        #expect(wrong.status == 200 && wrong.text.contains("role=\"alert\"") && self.token(wrong) == token)
        let done = try post(meld, "code=+\(code.prefix(3))+\(code.suffix(3))+&jwe=\(encode(token))")
        let key = try #require(done.text.firstMatch(of: /<code>([^<]*)<\/code>/).map { String($0.1) })
        #expect(try meld.call("GET", "user/\(name)", as: Meld.basic(name, key)).status == 200)
        #expect(done.header("Cache-Control") == "no-store")
        #expect(try post(meld, "code=\(code)&jwe=\(encode(token))").text.contains("role=\"alert\""))
    }

    @Test func `what was typed is shown escaped`() throws {
        let meld = try Meld.shared()
        let nasty = "\"><script>alert('x')</script>&"
        for form in [
            "account=\(encode(nasty))&email=\(encode(nasty))", "account=a&email=\(encode(nasty))",
            "code=1&jwe=\(encode(nasty))",
        ] {
            let page = try post(meld, form)
            #expect(page.status == 200 && page.text.contains("role=\"alert\""))
            #expect(!page.text.contains("<script>") && page.text.contains("&lt;script&gt;"))
        }
    }

    @Test func `whatever is wrong is told in the page`() throws {
        let meld = try Meld.shared()
        let account = try meld.account()
        for form in [
            "", "account=a", "email=a%40b.co", "account=\(account.name)&email=x%40example.org", "a=%zz", "code=1",
            "account=a&account=b", "%ff=1",
        ] {
            let page = try post(meld, form)
            #expect(page.status == 200 && page.text.contains("role=\"alert\""), "\(form)")
            #expect(page.header("Content-Type")?.hasPrefix("text/html") == true)
        }
        for type in ["application/json", "multipart/form-data", nil] {
            #expect(try post(meld, "account=a&email=a%40b.co", type: type).text.contains("role=\"alert\""))
        }
    }
}
