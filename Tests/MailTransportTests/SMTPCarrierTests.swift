import AccountDomain
import MailTransport
import TestSupport
import Testing

@Suite("Mail servers", .serialized) struct SMTPCarrierTests {
    private static let certificates = Result { try MailSink.certificates() }

    /// Delivers one mail; nil when it was taken.
    private func deliver(_ url: String) throws -> MailFailure.Kind? {
        let message = try MailMessage(
            from: EmailAddress(stored: "accounts@example.org"), to: EmailAddress(stored: "alice@example.org"),
            subject: "Hi", text: "Hi\n", date: Moment(microseconds: 0), messageID: "a@b")
        let carrier = SMTPCarrier(try SMTPServer(url: url))
        do throws(MailFailure) {
            try carrier.deliver(message, while: { true })
            return nil
        } catch {
            #expect(!"\(error)".contains("alice") && !"\(error)".contains("secret"))
            return error.kind
        }
    }

    @Test func `TLS from the first byte, with an authority of one's own`() throws {
        let (authority, server) = try Self.certificates.get()
        let sink = try MailSink(["--tls", "implicit", "--certificate", server])
        #expect(try deliver("smtps://localhost:\(sink.port)") == .unreachable, "an unknown authority")
        #expect(sink.mails.isEmpty)
        #expect(try deliver("smtps://localhost:\(sink.port)?ca=\(authority)") == nil)
        #expect(sink.mails.map(\.isEncrypted) == [true])
    }

    @Test func `STARTTLS is used when it is offered, and its certificate checked`() throws {
        let (authority, server) = try Self.certificates.get()
        let sink = try MailSink(["--tls", "starttls", "--certificate", server])
        #expect(try deliver("smtp://localhost:\(sink.port)") == .unreachable, "an unknown authority")
        #expect(sink.mails.isEmpty)
        #expect(try deliver("smtp://localhost:\(sink.port)?ca=\(authority)") == nil)
        #expect(try deliver("smtp://localhost:\(sink.port)?ca=\(authority)&tls=required") == nil)
        #expect(try deliver("smtp://localhost:\(sink.port)?tls=none") == nil)
        #expect(sink.mails.map(\.isEncrypted) == [true, true, false])
    }

    @Test func `without TLS nothing leaves when it is required`() throws {
        let sink = try MailSink()
        #expect(try deliver("smtp://localhost:\(sink.port)?tls=required") == .unreachable)
        #expect(sink.mails.isEmpty)
        #expect(try deliver("smtp://localhost:\(sink.port)") == nil)
    }

    @Test func `a log-in is made, and a wrong one is no judgement on the mail`() throws {
        let sink = try MailSink(["--login", "me@example.org:s:ecret"])
        #expect(try deliver("smtp://me%40example.org:s%3Aecret@127.0.0.1:\(sink.port)") == nil)
        #expect(sink.mails.map(\.user) == ["me@example.org"])
        #expect(try deliver("smtp://me%40example.org:secret@127.0.0.1:\(sink.port)") == .unreachable)
        #expect(sink.mails.count == 1)
    }

    @Test func `replies tell for good from for now`() throws {
        let refusing = try MailSink(["--reply", "550 no"])
        #expect(try deliver("smtp://127.0.0.1:\(refusing.port)") == .permanent)
        let busy = try MailSink(["--data-reply", "451 later"])
        #expect(try deliver("smtp://127.0.0.1:\(busy.port)") == .temporary)
    }
}
