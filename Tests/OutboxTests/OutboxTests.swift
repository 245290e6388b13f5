import AccountDomain
import MailTransport
import Outbox
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("Outbox", .serialized) struct OutboxTests {
    private func carrier(_ sink: MailSink, options: String = "", seconds: Int = 20) throws -> SMTPCarrier {
        var limits = SMTPCarrier.Limits()
        limits.totalSeconds = seconds
        return SMTPCarrier(try SMTPServer(url: "smtp://127.0.0.1:\(sink.port)\(options)"), limits: limits)
    }

    @Test func `each event's mail arrives once, though two processes send`() async throws {
        let log = try MailLog()
        let sink = try MailSink()
        for number in 0..<30 { try await log.ask("a\(number)@example.org") }
        let outboxes = try (log.outbox(carrier(sink)), log.outbox(carrier(sink)))
        #expect(try await log.run(outboxes.0, outboxes.1) { try log.count("sent") == 30 })
        let mails = sink.mails
        #expect(Set(mails.flatMap(\.recipients)).count == 30 && mails.count == 30)
        #expect(Set(mails.compactMap { $0.header("Message-ID") }).count == 30)
        #expect(mails.allSatisfy { $0.header("Message-ID")?.contains(/[0-9]{4}/) == false }, "no code but in the text")
        let mail = try #require(mails.first)
        #expect(mail.sender == "accounts@example.org")
        #expect(mail.header("Subject")?.hasPrefix("=?UTF-8?B?") == true)
        #expect(mail.text.contains("\r\n.\r\nBye\r\n"), "a line of one dot arrives")
        await log.close()
    }

    @Test func `a server that is away loses no mail`() async throws {
        let log = try MailLog()
        let port = try FreePort.choose()
        let first = try MailSink(port: port)
        first.stop()
        try await log.ask()
        let running = Task { [outbox = try log.outbox(carrier(first))] in await outbox.run() }
        #expect(try await eventually { try log.attempts >= 2 })
        let second = try MailSink(port: port)
        #expect(try await eventually { try log.count("sent") == 1 })
        running.cancel()
        await running.value
        #expect(second.mails.count == 1)
        await log.close()
    }

    @Test(arguments: [["--reply", "451 later"], ["--data-reply", "452 later"], ["--reply", "421 busy"]])
    func `a mail that cannot be taken now is tried again`(options: [String]) async throws {
        let log = try MailLog()
        let sink = try MailSink(options + ["--times", "2"])
        try await log.ask()
        #expect(try await log.run(try log.outbox(carrier(sink))) { try log.count("sent") == 1 })
        #expect(try log.attempts == 3)
        #expect(Set(sink.mails.compactMap { $0.header("Message-ID") }).count == 1)
        await log.close()
    }

    @Test(arguments: [["--reply", "550 nobody"], ["--data-reply", "554 no"]])
    func `a mail that is refused for good is tried once`(options: [String]) async throws {
        let log = try MailLog()
        let sink = try MailSink(options)
        try await log.ask()
        #expect(try await log.run(try log.outbox(carrier(sink))) { try log.count("given_up") == 1 })
        #expect(try log.attempts == 1)
        await log.close()
    }

    @Test func `a slow server is given up, and the mail is not`() async throws {
        let log = try MailLog()
        let sink = try MailSink(["--delay", "30"])
        try await log.ask()
        #expect(try await log.run(try log.outbox(carrier(sink, seconds: 1))) { sink.mails.count >= 2 })
        #expect(try log.count("waiting") == 1)
        #expect(Set(sink.mails.compactMap { $0.header("Message-ID") }).count == 1)
        await log.close()
    }

    @Test func `a mail that was taken and not noted comes again as the same mail`() async throws {
        let log = try MailLog()
        let sink = try MailSink()
        try await log.ask()
        let broken = LostAnswers(carrier: try carrier(sink))
        #expect(try await log.run(log.outbox(broken)) { sink.mails.count >= 2 })
        #expect(try await log.run(log.outbox(carrier(sink))) { try log.count("sent") == 1 })
        #expect(Set(sink.mails.map(\.text)).count == 1)
        await log.close()
    }

    @Test func `an expired code is not mailed`() async throws {
        let log = try MailLog()
        let sink = try MailSink()
        try await log.ask()
        #expect(try await log.run(try log.outbox(carrier(sink), isExpired: true)) { try log.count("given_up") == 1 })
        #expect(sink.mails.isEmpty)
        await log.close()
    }

    @Test func `what stood in the log before its outbox is not mailed, nor what is days old`() async throws {
        let log = try MailLog()
        let sink = try MailSink()
        try await log.ask("old@example.org")
        try log.connection.execute(script: "DELETE FROM ledger.outbox_lanes")
        #expect(
            try await log.run(try log.outbox(carrier(sink))) {
                try log.connection.query(PostgresStatement("SELECT position FROM ledger.outbox_lanes")).count == 1
            })
        try await log.ask("new@example.org")
        #expect(try await log.run(try log.outbox(carrier(sink))) { try log.count("sent") == 1 })
        #expect(sink.mails.flatMap(\.recipients) == ["new@example.org"])
        await log.close()
    }

    @Test func `a row is noted once, however often the log is looked through`() async throws {
        let log = try MailLog()
        let sink = try MailSink()
        try await log.ask()
        #expect(try await log.run(try log.outbox(carrier(sink))) { try log.count("sent") == 1 })
        try log.connection.execute(script: "UPDATE ledger.outbox_lanes SET position = 0")
        try await log.ask("bob@example.org")
        #expect(try await log.run(try log.outbox(carrier(sink))) { try log.count("sent") == 2 })
        #expect(sink.mails.count == 2)
        await log.close()
    }

    @Test(arguments: ["alice@example.org\r\nBcc: mallory@example.org", "a@b.c\r\nDATA\r\n"])
    func `an address that smuggles is mailed to nobody`(address: String) async throws {
        let log = try MailLog()
        let sink = try MailSink()
        try await log.ask(address)
        #expect(try await log.run(try log.outbox(carrier(sink))) { try log.count("given_up") == 1 })
        #expect(sink.mails.isEmpty)
        await log.close()
    }

    @Test func `an address beyond ASCII takes a server that knows such`() async throws {
        let log = try MailLog()
        let old = try MailSink()
        try await log.ask("jürgen@example.org")
        #expect(try await log.run(try log.outbox(carrier(old))) { try log.count("given_up") == 1 })
        #expect(old.mails.isEmpty)
        let new = try MailSink(["--utf8"])
        try await log.ask("jürgen@example.org")
        #expect(try await log.run(try log.outbox(carrier(new))) { try log.count("sent") == 1 })
        #expect(new.mails.first?.recipients == ["jürgen@example.org"])
        #expect(new.mails.first?.options.contains("SMTPUTF8") == true)
        await log.close()
    }
}

/// Delivers, and dies before it could say so.
private struct LostAnswers: MailCarrier {
    let carrier: SMTPCarrier

    func deliver(_ message: MailMessage, while isWanted: @escaping () -> Bool) throws(MailFailure) {
        try carrier.deliver(message, while: isWanted)
        throw MailFailure(.unreachable, reason: "the answer was lost")
    }
}
