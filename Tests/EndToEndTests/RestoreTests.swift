import Foundation
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// A new database out of an export: what was done once is not done again, and the log goes on where it was.
@Suite struct RestoreTests {
    private static let passphrase = "a passphrase of the test"

    /// The export of a service and its keys.
    private struct Exported {
        let files = TemporaryDirectory()
        var export: String { "\(files.path)/export.ndjson" }
        var keys: String { "\(files.path)/keys" }

        init(_ service: Service) throws {
            for arguments in [["replay", "--export", export], ["keys", "export", "--to", keys]] {
                let ended = try RestoreTests.tool(arguments, ["LEDGER_HOME": "\(service.home.path)/home"])
                guard ended.status == 0 else { throw TestFailure("\(arguments): \(ended.errors)") }
            }
        }
    }

    private static func tool(
        _ arguments: [String], _ settings: [String: String]
    ) throws -> (status: Int32?, output: String, errors: String) {
        let place = TemporaryDirectory()
        let process = try ServiceProcess(
            arguments, environment: ["LEDGER_KEYS_PASSPHRASE": passphrase].merging(settings) { $1 },
            directory: place.path)
        let status = process.waitForEnd()
        return (status, process.output, process.errors)
    }

    @Test func `a database of one's own takes an export, verifies, and mails nothing that was mailed`() throws {
        let old = try Service()
        let everybody = try Everybody(old, word: "amsel")
        let (before, head) = (try old.root.call("GET", everybody.accounts[0]), try old.root.head())
        try old.waitForProjections(upTo: head)
        let rows = try old.openedRows()
        let exported = try Exported(old)
        #expect(old.process.stop() == 0)

        // For the roles of the service, which are the server's.
        let deployment = try Deployment()
        let new = try deployment.database.emptyNeighbour()
        let keys = "\(exported.files.path)/restored"
        let arguments = ["restore", exported.export, "--keys", exported.keys, "--keys-to", keys]
        let owner = ["LEDGER_OWNER_URL": new.url()]
        let restored = try Self.tool(arguments, owner)
        #expect(restored.status == 0 && restored.output.hasPrefix("localhost/log\t\(head)\t"), "\(restored)")
        let again = try Self.tool(arguments, owner)
        #expect(again.status == 78 && again.errors.contains("all of it is there"), "\(again)")

        let sink = try MailSink()
        let settings = [
            "LEDGER_DATABASE_URL": new.url(role: TestDatabase.gatewayRole),
            "LEDGER_PROJECTOR_URL": new.url(role: TestDatabase.projectorRole),
            "LEDGER_MASTER_KEY_FILE": "\(keys)/master.key", "LEDGER_KEYRING_FILE": "\(keys)/keyring.json",
            "LEDGER_ROOT_KEY_FILE": "\(keys)/root.key", "LEDGER_SIGNING_KEY_FILE": "\(keys)/signing.key",
            "LEDGER_CHECKPOINT_DIR": "\(exported.files.path)/kept", "LEDGER_DOMAIN": "localhost",
            "LEDGER_SMTP_URL": "smtp://127.0.0.1:\(sink.port)", "LEDGER_MAIL_FROM": "a@example.org",
        ]
        let verified = try Self.tool(["verify"], settings)
        #expect(verified.status == 0, "\(verified)")
        let gateway = try deployment.serve(settings)
        let root = gateway.root.with(
            try String(contentsOfFile: "\(keys)/root.key", encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines))
        let projector = try deployment.start(["project"], settings)
        defer { projector.stop() }
        #expect(try root.call("GET", everybody.accounts[0]).json == before.json)
        #expect(
            try eventually {
                let all = try root.call("GET", "/v1/projections").items
                return all.count == 5 && all.allSatisfy { $0["lag_events"] == 0 }
            })
        let connection = try PostgresConnection(new.configuration())
        defer { connection.close() }
        let difference = rows.difference(from: try OpenedRows(connection, keyring: try old.keyring()))
        #expect(difference.isEmpty, "\(difference)")
        // One that is mailed afterwards tells that the others would have been.
        #expect(try root.with(nil).call("POST", "/v1/recovery", ["email": "amsel.native@example.org"]).status == 202)
        #expect(eventually { !sink.mails.isEmpty })
        #expect(sink.mails.count == 1 && sink.mails.first?.recipients == ["amsel.native@example.org"])
        let outbox = try connection.query(PostgresStatement("SELECT count(*) FROM ledger.outbox"))
        #expect(try outbox.int64(0, 0) == 1)
        let after = try Self.tool(["verify"], settings)
        #expect(after.status == 0, "\(after)")
        #expect(gateway.process.stop() == 0)
        withExtendedLifetime(gateway) {}
    }

    @Test func `an up that was set back refuses, says why, and goes on under another name when told to`() throws {
        let home = TemporaryDirectory()
        let files = TemporaryDirectory()
        let kept = "\(home.path)/home/checkpoint/checkpoint"
        func isKept(_ origin: String, _ size: Int64) -> Bool {
            (try? String(contentsOfFile: kept, encoding: .utf8))?.hasPrefix("\(origin)\n\(size)\n") == true
        }
        let person: Person
        var service = try Service(home: home)
        person = try service.root.account()
        let early = try service.root.head()
        #expect(eventually { isKept("localhost/log", early) })
        #expect(service.process.stop() == 0)
        let copied = try Shell(
            "cp -a \"$(readlink -f '\(home.path)/home/postgres/data')\" '\(files.path)/data'")
        #expect(copied.status == 0, "\(copied.errors)")
        service = try Service(home: home)
        for _ in 0..<3 { _ = try service.root.account() }
        let late = try service.root.head()
        #expect(eventually { isKept("localhost/log", late) })
        #expect(service.process.stop() == 0)
        let lost = "\(files.path)/lost"
        try FileManager.default.copyItem(atPath: kept, toPath: lost)
        let back = try Shell(
            """
            set -e
            data=$(readlink -f '\(home.path)/home/postgres/data')
            rm -rf "$data"/*
            cp -a '\(files.path)/data/.' "$data"
            """)
        #expect(back.status == 0, "\(back.errors)")

        let place = TemporaryDirectory()
        let refusing = try ServiceProcess(
            ["up"], environment: Service.environment(home, [:]), directory: place.path)
        #expect(eventually { refusing.output.contains("http://") || refusing.status != nil })
        let port = refusing.output.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)/).flatMap { Int($0.1) } ?? 0
        let key = try String(contentsOfFile: "\(home.path)/home/keys/root.key", encoding: .utf8)
        let root = Client(port: port, key: key.trimmingCharacters(in: .whitespacesAndNewlines))
        let refused = try root.call("POST", "/v1/accounts", ["name": "refused"])
        #expect(refused.status == 503, "\(refused.text)")
        #expect(try root.call("GET", person.path).status == 200)
        #expect(refusing.errors.contains("nothing is written") && refusing.errors.contains("--accept-rollback"))
        // Who looks at the terminal alone sees it too.
        #expect(!refusing.output.contains("is ready"), "\(refusing.output)")
        let health = try Self.tool(["health"], ["LEDGER_HOME": "\(home.path)/home"])
        #expect(health.status == 1 && health.output.contains("not ready"), "\(health)")
        #expect(health.output.contains("\(late)"), "\(health.output)")
        let unsound = try Self.tool(["verify"], ["LEDGER_HOME": "\(home.path)/home"])
        #expect(unsound.status == 1 && unsound.output.contains("\(late)"), "\(unsound)")
        #expect(refusing.stop() == 0)
        #expect(isKept("localhost/log", late), "what was published is still known")

        service = try Service(home: home, options: ["--accept-rollback"])
        let opened = "localhost/log/2"
        #expect(service.process.output.contains(opened))
        for _ in 0..<5 { _ = try service.root.account() }
        let head = try service.root.head()
        #expect(eventually { isKept(opened, head) })
        let told = try service.root.call("GET", "/v1/events?after=\(early)&limit=1").items.first
        #expect(told?["type"] == "origin.opened.v1")
        var verified = try service.tool(["verify"])
        #expect(verified.status == 0 && verified.output.contains("sound \(opened)"), "\(verified)")
        let stale = try service.tool(["verify", "--checkpoint", lost])
        #expect(stale.status == 1, "\(stale)")
        let compared = try service.tool(["checkpoint", "compare", lost])
        #expect(compared.status == 1 && compared.output.contains("given up"), "\(compared)")
        // The other history goes into an export and out of it, as any other.
        let exported = try Exported(service)
        #expect(service.process.stop() == 0)
        service = try Service(home: home)
        #expect(service.process.output.contains(opened))
        #expect(try service.root.account().version() == 1)
        #expect(service.process.stop() == 0)

        let new = TemporaryDirectory()
        let restored = try Self.tool(
            ["restore", exported.export, "--keys", exported.keys], ["LEDGER_HOME": "\(new.path)/home"])
        #expect(restored.status == 0 && restored.output.hasPrefix("\(opened)\t\(head)\t"), "\(restored)")
        service = try Service(home: new)
        _ = try service.root.account()
        #expect(
            try eventually { try service.root.call("GET", "/v1/head")["checkpoint"]["size"].integerValue == head + 1 })
        verified = try service.tool(["verify"])
        #expect(verified.status == 0 && verified.output.contains("sound \(opened)"), "\(verified)")
    }
}
