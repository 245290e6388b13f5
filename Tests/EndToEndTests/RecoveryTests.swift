import Foundation
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// `/v1/recovery`, its mails, and the limits on guesses.
@Suite struct RecoveryTests {
    private func ask(_ client: Client, _ email: String) throws -> Response {
        try client.with(nil).call("POST", "/v1/recovery", ["email": .string(email)])
    }

    private func redeem(_ client: Client, _ token: String, _ password: String = "newsecret") throws -> Response {
        try client.with(nil).call(
            "POST", "/v1/recovery/redeem", ["token": .string(token), "new_password": .string(password)])
    }

    private func logIn(_ client: Client, _ person: Person, _ password: String) throws -> Response {
        try client.with(nil).call(
            "POST", "/v1/tokens", ["name": .string(person.name), "password": .string(password)])
    }

    private func person(_ root: Client, email: String) throws -> Person {
        try root.account(["emails": [.string(email)], "password": "oldsecret"])
    }

    @Test func `a mailed token sets the password once, and ends sessions`() throws {
        let service = try Service.shared()
        let root = service.root
        let email = "\(Unique.name("r"))@example.org"
        let person = try person(root, email: email)
        let session = root.with(try logIn(root, person, "oldsecret")["access_token"].stringValue)
        #expect(try session.call("GET", "/v1/me").status == 200)
        #expect(try ask(root, email).status == 202)
        let token = try service.token(mailedTo: email)
        #expect(try redeem(root, token, "short").status == 422)
        let redeemed = try redeem(root, token)
        #expect(redeemed.status == 204)
        #expect(redeemed.header("ETag") == "\"\(try person.version())\"")
        #expect(try session.call("GET", "/v1/me").status == 401)
        #expect(try logIn(root, person, "oldsecret").status == 403)
        #expect(try logIn(root, person, "newsecret").status == 201)
        let again = try redeem(root, token, "thirdsecret")
        #expect(again.status == 422 && again.text.contains("/token"))
        #expect(try logIn(root, person, "thirdsecret").status == 403)
    }

    @Test func `of many redemptions of one token one is done`() throws {
        let service = try Service.shared()
        let email = "\(Unique.name("r"))@example.org"
        _ = try person(service.root, email: email)
        _ = try ask(service.root, email)
        let token = try service.token(mailedTo: email)
        let statuses = atOnce(16) { try redeem(service.root, token, "secret-\($0)").status }.map { try? $0.get() }
        #expect(statuses.filter { $0 == 204 }.count == 1)
        #expect(statuses.filter { $0 == 422 }.count == 15)
    }

    @Test func `unknown, blocked and erased accounts are answered alike, and get no mail`() throws {
        let service = try Service.shared()
        let root = service.root
        let blocked = "\(Unique.name("r"))@example.org"
        let erased = "\(Unique.name("r"))@example.org"
        #expect(
            try root.call("POST", "\(try person(root, email: blocked).path)/block", JSONValue.object([:])).status == 200
        )
        #expect(try root.call("DELETE", try person(root, email: erased).path).status == 204)
        let head = try root.head()
        for email in ["\(Unique.name("r"))@example.org", blocked, erased] {
            let answer = try ask(root, email)
            #expect(answer.status == 202 && answer.text.isEmpty)
        }
        #expect(try root.head() == head)
        // One that is mailed afterwards tells that the others would have been.
        let known = "\(Unique.name("r"))@example.org"
        _ = try person(root, email: known)
        _ = try ask(root, known)
        _ = try service.token(mailedTo: known)
        #expect(service.mails(to: blocked).isEmpty && service.mails(to: erased).isEmpty)
    }

    @Test func `each account of an address gets a mail of its own`() throws {
        let service = try Service.shared()
        let root = service.root
        let email = "\(Unique.name("r"))@example.org"
        let people = [try person(root, email: email), try person(root, email: email)]
        _ = try ask(root, email)
        #expect(eventually { service.mails(to: email).count == 2 })
        for mail in service.mails(to: email) { #expect(try redeem(root, Service.token(in: mail)).status == 204) }
        for person in people { #expect(try logIn(root, person, "newsecret").status == 201) }
    }

    @Test func `a blocked account's token stays good until the account may act again`() throws {
        let service = try Service.shared()
        let root = service.root
        let email = "\(Unique.name("r"))@example.org"
        let person = try person(root, email: email)
        _ = try ask(root, email)
        let token = try service.token(mailedTo: email)
        #expect(try root.call("POST", "\(person.path)/block", JSONValue.object([:])).status == 200)
        #expect(try redeem(root, token).status == 403)
        #expect(try root.call("POST", "\(person.path)/unblock", JSONValue.object([:])).status == 200)
        #expect(try redeem(root, token).status == 204)
    }

    @Test(arguments: [
        "", "x", String(repeating: "A", count: 54), String(repeating: "A", count: 257), "../../etc/passwd",
    ])
    func `a token that is none is refused`(token: String) throws {
        #expect(try redeem(try Service.shared().root, token).status == 422)
    }

    @Test(arguments: ["", "nobody", "a@b.c\r\nBcc: x@y.z", "a b@c.d", "<a@b.c>"])
    func `an address that is none is refused`(email: String) throws {
        #expect(try ask(try Service.shared().root, email).status == 422)
    }

    @Test func `of a thousand parallel guesses few are looked at, whatever X-Forwarded-For says`() throws {
        let service = try Service(["LEDGER_LIMITS": "on"])
        let root = service.root
        let email = "\(Unique.name("r"))@example.org"
        let person = try person(root, email: email)
        #expect(try ask(root, email).status == 202)
        let token = try service.token(mailedTo: email)
        // The account is right, the secret guessed.
        let start = String(token.prefix(22))
        let answers = atOnce(20) { worker -> [Response] in
            try (0..<50).map { number in
                let guess = start + String(format: "%031d", worker * 50 + number) + "A"
                return try root.with(nil).call(
                    "POST", "/v1/recovery/redeem", ["token": .string(guess), "new_password": "guessed"],
                    headers: [("X-Forwarded-For", "10.\(worker).0.\(number)")])
            }
        }.flatMap { (try? $0.get()) ?? [] }
        #expect(answers.count == 1000)
        let looked = answers.filter { $0.status == 422 }.count
        #expect((1...8).contains(looked), "\(looked) were looked at")
        let refused = answers.filter { $0.status == 429 }
        #expect(refused.count == 1000 - looked)
        #expect(refused.allSatisfy { Int($0.header("Retry-After") ?? "") ?? 0 > 0 })
        #expect(try logIn(root, person, "oldsecret").status == 201)
    }

    @Test func `a right token with a password that the Space refuses is no guess`() throws {
        let service = try Service(["LEDGER_LIMITS": "on"])
        let root = service.root
        let domain = JSONValue.string(Unique.domain())
        #expect(
            try root.call(
                "POST", "/v1/spaces", ["name": domain, "domain": domain, "host": domain, "password_min_length": 12]
            ).status == 201)
        let email = "\(Unique.name("r"))@example.org"
        _ = try root.account(["emails": [.string(email)], "space": domain])
        #expect(try ask(root, email).status == 202)
        let token = try service.token(mailedTo: email)
        for _ in 0..<8 {
            let refused = try redeem(root, token, "too short")
            #expect(refused.status == 422 && refused.pointers == ["/new_password"], "\(refused.text)")
        }
        #expect(try redeem(root, token, "long enough for it").status == 204)
    }

    @Test func `behind a trusted proxy each client has attempts of its own`() throws {
        let service = try Service(["LEDGER_LIMITS": "on", "LEDGER_TRUSTED_PROXIES": "127.0.0.1"])
        @Sendable func logIn(_ number: Int, from client: String) throws -> Int {
            try service.root.with(nil).call(
                "POST", "/v1/tokens", ["name": .string("nobody-\(number)"), "password": "guess"],
                headers: [("X-Forwarded-For", client)]
            ).status
        }
        let own = try (0..<12).map { try logIn($0, from: "192.0.2.\($0)") }
        #expect(own == [Int](repeating: 403, count: 12))
        // What a client itself wrote stands to the left of what its proxy wrote. All at one moment, for after a while
        // there are more.
        let one = atOnce(12) { try logIn(20 + $0, from: "10.0.0.\($0), 198.51.100.7") }.map { try? $0.get() }
        #expect(one.filter { $0 == 403 }.count == 10 && one.filter { $0 == 429 }.count == 2, "\(one)")
    }

    @Test func `mails to one address run out, and a restart does not bring them back`() throws {
        let home = TemporaryDirectory()
        let email = "\(Unique.name("r"))@example.org"
        do {
            let service = try Service(home: home, ["LEDGER_LIMITS": "on"])
            let statuses = try (0..<6).map { _ in try ask(service.root, email).status }
            #expect(statuses == [202, 202, 202, 202, 202, 429])
            #expect(service.process.stop() == 0)
        }
        let service = try Service(home: home, ["LEDGER_LIMITS": "on"])
        let refused = try ask(service.root, email)
        #expect(refused.status == 429)
        #expect(Int(refused.header("Retry-After") ?? "") ?? 0 > 0)
        #expect(try ask(service.root, "other-\(email)").status == 202)
    }

    @Test func `a process that dies between the server's answer and its note sends the same mail again`() throws {
        let sink = try MailSink(["--delay", "1"])
        let deployment = try Deployment()
        let settings = ["LEDGER_SMTP_URL": "smtp://127.0.0.1:\(sink.port)", "LEDGER_MAIL_FROM": "a@example.org"]
        let gateway = try deployment.serve()
        let email = "\(Unique.name("r"))@example.org"
        _ = try person(gateway.root, email: email)
        let first = try deployment.start(["project"], settings)
        #expect(try eventually { try ask(gateway.root, email).status == 202 })
        let connection = try PostgresConnection(deployment.database.configuration())
        #expect(eventually { sink.mails.count == 1 })
        // The note waits for this lock, the server answers, the process dies.
        try connection.execute(script: "BEGIN; SELECT 1 FROM ledger.outbox FOR UPDATE")
        #expect(
            try eventually {
                try connection.query(
                    PostgresStatement("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
                ).count > 0
            })
        first.kill9()
        // Its session waits on, and would note the mail after all.
        try connection.execute(
            script: """
                SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                WHERE application_name = 'account-ledger outbox' AND datname = current_database();
                COMMIT
                """)
        #expect(
            try connection.query(PostgresStatement("SELECT 1 FROM ledger.outbox WHERE state = 'waiting'")).count == 1)
        try connection.execute(script: "UPDATE ledger.outbox SET next_try_at = now()")
        let second = try deployment.start(["project"], settings)
        defer { second.stop() }
        #expect(
            try eventually {
                try connection.query(PostgresStatement("SELECT 1 FROM ledger.outbox WHERE state = 'sent'")).count == 1
            })
        connection.close()
        let mails = sink.mails
        #expect(mails.count == 2 && Set(mails.map(\.text)).count == 1)
        #expect(mails.first?.recipients == [email] && mails.first?.sender == "a@example.org")
        #expect(try redeem(gateway.root, Service.token(in: mails[0].text)).status == 204)
        for process in [first, second, gateway.process] { #expect(!process.errors.contains(email)) }
    }
}

extension Service {
    /// The texts of the mails to an address, from the files of a service without a mail server.
    func mails(to email: String) -> [String] {
        let folder = "\(home.path)/home/outbox"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().filter { $0.hasSuffix(".eml") }.compactMap { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            #expect(attributes?[.posixPermissions] as? Int == 0o600)
            let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            return text?.contains("\r\nTo: <\(email)>\r\n") == true ? text : nil
        }
    }

    /// The token in the first mail to an address, once it is there.
    func token(mailedTo email: String) throws -> String {
        guard eventually({ !mails(to: email).isEmpty }), let mail = mails(to: email).first else {
            throw TestFailure("no mail came: \(process.errors.suffix(1000))")
        }
        return try Self.token(in: mail)
    }

    static func token(in mail: String) throws -> String {
        let lines = mail.components(separatedBy: "\r\n")
        guard let line = lines.first(where: { $0.utf8.count == 54 && !$0.contains(" ") }) else {
            throw TestFailure("no token in \(mail)")
        }
        return line
    }
}
