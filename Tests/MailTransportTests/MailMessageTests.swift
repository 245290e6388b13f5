import AccountDomain
import MailTransport
import Testing

@Suite("Mail messages") struct MailMessageTests {
    private static let date = Moment(microseconds: 1_795_281_420_000_000)

    private func message(
        to recipient: String = "alice@example.org", subject: String = "Hello", text: String = "One\nTwo\n",
        messageID: String = "test.1.abc@example.org"
    ) throws -> [String] {
        let message = try MailMessage(
            from: EmailAddress(stored: "accounts@example.org"), to: EmailAddress(stored: recipient), subject: subject,
            text: text, date: Self.date, messageID: messageID)
        return String(decoding: message.bytes, as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: false
        ).map { String($0) }
    }

    @Test func `plain text goes as it is`() throws {
        #expect(
            try message() == [
                "From: <accounts@example.org>", "To: <alice@example.org>", "Subject: Hello",
                "Date: Sat, 21 Nov 2026 17:17:00 +0000", "Message-ID: <test.1.abc@example.org>", "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 7bit",
                "Auto-Submitted: auto-generated", "", "One", "Two", "",
            ])
    }

    @Test(arguments: ["\u{1f600}@example.org", "e\u{301}@example.org", "\u{fc}@example.org"])
    func `an address that any door takes is one`(recipient: String) throws {
        _ = try EmailAddress(mailbox: recipient)
        #expect(try message(to: recipient)[1] == "To: <\(recipient)>")
    }

    @Test(arguments: [
        (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 +0000"),
    ])
    func `dates are those of RFC 5322`(seconds: Int64, text: String) throws {
        let message = try MailMessage(
            from: EmailAddress(stored: "a@b.c"), to: EmailAddress(stored: "a@b.c"), subject: "", text: "",
            date: Moment(microseconds: seconds * 1_000_000), messageID: "a@b")
        #expect(String(decoding: message.bytes, as: UTF8.self).contains("\r\nDate: \(text)\r\n"))
    }

    @Test func `text beyond ASCII or with long lines is quoted`() throws {
        let lines = try message(text: "Grüße=\n" + String(repeating: "x", count: 100) + "\nend \n")
        #expect(lines[7] == "Content-Transfer-Encoding: quoted-printable")
        #expect(lines[10] == "Gr=C3=BC=C3=9Fe=3D")
        #expect(lines[11] == String(repeating: "x", count: 75) + "=")
        #expect(lines[12] == String(repeating: "x", count: 25))
        #expect(lines[13] == "end=20")
    }

    @Test func `a subject beyond ASCII is encoded in words of bounded length`() throws {
        let lines = try message(subject: String(repeating: "ü€😀", count: 20))
        let words = lines.filter { $0.contains("=?UTF-8?B?") }
        #expect(words.count > 1)
        #expect(words.allSatisfy { $0.utf8.count <= 85 && $0.hasSuffix("?=") })
    }

    @Test(arguments: ["Hi\r\nBcc: mallory@example.org", "Hi\nBcc: mallory@example.org", "Hi\u{0}\u{85}there"])
    func `a subject adds no header`(subject: String) throws {
        let lines = try message(subject: subject)
        #expect(!lines.contains { $0.hasPrefix("Bcc") })
        #expect(lines.filter { $0.hasPrefix("Subject: Hi ") || $0.hasPrefix("Subject: =?UTF-8?B?") }.count == 1)
    }

    @Test(arguments: [
        "a@b.c\r\nBcc: mallory@example.org", "a@b.c>\r\nDATA", "a@b.c, mallory@example.org", "<a@b.c>", "\"a b\"@c.d",
        "a@b.c ", "", "@", "a@[127.0.0.1]", "a\u{0}@b.c",
    ])
    func `an address that is more or less than one is refused`(address: String) {
        #expect(throws: MailFailure.self) { try message(to: address) }
        #expect(throws: MailFailure.self) { try message(messageID: "a\r\nBcc: \(address)") }
    }
}

@Suite("Mail server URLs") struct SMTPServerTests {
    @Test(arguments: [
        ("smtp://mail", "mail", 587, SMTPServer.Security.opportunistic),
        ("smtp://mail:1025", "mail", 1025, .opportunistic),
        ("smtps://mail.example.org/", "mail.example.org", 465, .implicit),
        ("smtp://me:pa%3Ass@mail", "mail", 587, .required),
        ("smtp://me:pass@127.0.0.1:25", "127.0.0.1", 25, .opportunistic),
        ("smtp://[::1]:25?tls=none", "::1", 25, .none),
        ("smtp://mail?tls=required&ca=/etc/ca.pem", "mail", 587, .required),
    ])
    func `a URL says where and how`(url: String, host: String, port: Int, security: SMTPServer.Security) throws {
        let server = try SMTPServer(url: url)
        #expect(server.host == host && server.port == port && server.security == security)
        #expect(!"\(server)".contains("pa"))
    }

    @Test(arguments: [
        "", "mail", "http://mail", "smtp://", "smtps://", "smtp://:25", "smtp://mail:0", "smtp://mail:x", "smtp://a b",
        "smtp://@mail", "smtp://me:p%zz@mail", "smtp://me:p%0d%0a@mail", "smtp://mail?tls=maybe",
        "smtps://mail?tls=none",
        "smtp://mail?x=1", "smtp://mail/path?ca=", "smtp://[::1", "smtp://ma/il",
    ])
    func `what is none is refused, and not repeated`(url: String) {
        #expect(throws: SMTPServer.InvalidURL.self) { try SMTPServer(url: url) }
    }
}
