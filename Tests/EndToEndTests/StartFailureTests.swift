import Foundation
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// Starts that cannot be: a line with the reason, an exit code, and nothing half-done.
@Suite struct StartFailureTests {
    /// Expects the end with this code and one line that names `word`.
    private func expectEnd(
        _ process: ServiceProcess, _ status: Int32, _ word: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let end = process.waitForEnd()
        let lines = process.errors.split(separator: "\n").filter { $0.hasPrefix("account-ledger: ") }
        #expect(end == status, "\(end ?? -1): \(process.errors)", sourceLocation: sourceLocation)
        #expect(
            lines.count == 1 && lines[0].contains(word), "\(word) in: \(process.errors)", sourceLocation: sourceLocation
        )
        #expect(!process.errors.contains("Fatal error"), sourceLocation: sourceLocation)
        process.signal(SIGKILL)
    }

    private func up(_ home: TemporaryDirectory, _ settings: [String: String]) throws -> ServiceProcess {
        try ServiceProcess(["up"], environment: Service.environment(home, settings), directory: home.path)
    }

    @Test(arguments: [
        ("LEDGER_HTTP_PORT", "http"), ("LEDGER_HTTP_PORT", "65536"), ("LEDGER_HTTP_PORT", "-1"),
        ("LEDGER_LOG_LEVEL", "loud"), ("LEDGER_MAX_UPLOAD", "much"), ("LEDGER_WORKERS", "0"),
        ("LEDGER_LIMITS", "maybe"),
        ("LEDGER_TRUSTED_PROXIES", "everybody"), ("LEDGER_NO_SUCH_KEY", "1"), ("LEDGER_HTTP_HOST", "a b"),
        ("LEDGER_DATABASE_URL", "postgres://x/y"), ("LEDGER_ROOT_KEY", "short.a:b"), ("LEDGER_STREAM_LIMIT", "0"),
        ("LEDGER_DRAIN_LIMIT", "1.5"), ("LEDGER_DOMAIN", "not a domain"), ("LEDGER_ORIGIN", " "),
    ])
    func `a setting that cannot be is named`(_ key: String, _ value: String) throws {
        let home = TemporaryDirectory()
        expectEnd(try up(home, [key: value]), 78, key)
        #expect(!FileManager.default.fileExists(atPath: "\(home.path)/home"), "nothing was made")
    }

    @Test func `a port that is in use ends the first start before anything is made`() throws {
        let service = try Service.shared()
        let home = TemporaryDirectory()
        let process = try up(home, ["LEDGER_HTTP_PORT": "\(service.port)"])
        let end = process.waitForEnd()
        #expect(end == 1 || end == 78, "\(end ?? -1)")
        #expect(process.errors.split(separator: "\n").filter { $0.hasPrefix("account-ledger: ") }.count == 1)
        #expect(process.errors.contains("\(service.port)"), "\(process.errors.suffix(500))")
        #expect(!FileManager.default.fileExists(atPath: "\(home.path)/home"), "nothing was made")
    }

    @Test func `a port that was taken while it was down ends the start, and the database with it`() throws {
        let service = try Service.shared()
        let home = TemporaryDirectory()
        #expect(try Service(home: home).process.stop() == 0)
        let process = try up(home, ["LEDGER_HTTP_PORT": "\(service.port)"])
        expectEnd(process, 78, "\(service.port)")
        #expect(!FileManager.default.fileExists(atPath: "\(home.path)/home/postgres/data/postmaster.pid"))
    }

    @Test func `a second up in the same home is told that there is one`() throws {
        let service = try Service()
        let other = TemporaryDirectory()
        let process = try ServiceProcess(
            ["up"], environment: Service.environment(service.home, [:]), directory: other.path)
        expectEnd(process, 75, "home")
        #expect(try service.root.call("GET", "/v1/head").status == 200)
    }

    @Test func `programs of PostgreSQL that are missing are named`() throws {
        let home = TemporaryDirectory()
        expectEnd(try up(home, ["LEDGER_POSTGRES_BIN": "/nowhere"]), 78, "/nowhere")
    }

    @Test func `keys that are gone are never made anew`() throws {
        let home = TemporaryDirectory()
        let position: Int64
        do {
            let service = try Service(home: home)
            _ = try service.root.account()
            position = try service.root.head()
            #expect(service.process.stop() == 0)
        }
        for name in ["master.key", "keyring.json", "root.key"] {
            let path = "\(home.path)/home/keys/\(name)"
            let kept = try Data(contentsOf: URL(fileURLWithPath: path))
            try FileManager.default.removeItem(atPath: path)
            expectEnd(try up(home, [:]), 78, name)
            #expect(!FileManager.default.fileExists(atPath: path))
            _ = home.write("home/keys/\(name)", Array(kept))
        }
        let service = try Service(home: home)
        #expect(try service.root.head() == position)
    }

    @Test func `keys of another database are refused`() throws {
        let (one, two) = (try Deployment(), try Deployment())
        let other = try MadeKeys()
        for role in ["serve", "project"] {
            let master = try one.start([role], ["LEDGER_MASTER_KEY_FILE": other.master])
            expectEnd(master, 78, "LEDGER_MASTER_KEY")
            let keyring = try two.start([role], ["LEDGER_KEYRING_FILE": other.keyring])
            expectEnd(keyring, 78, "LEDGER_KEYRING_FILE")
        }
        let events = try PostgresConnection(one.database.configuration())
        #expect(try events.query(PostgresStatement("SELECT count(*) FROM ledger.events")).int64(0, 0) == 0)
        events.close()
    }

    @Test(arguments: ["LEDGER_DATABASE_URL", "LEDGER_ROOT_KEY_FILE", "LEDGER_MASTER_KEY_FILE", "LEDGER_KEYRING_FILE"])
    func `a gateway says what it needs`(_ key: String) throws {
        let deployment = try Deployment()
        let without = deployment.environment().filter { $0.key != key }
        let process = try ServiceProcess(["serve"], environment: without, directory: deployment.directory.path)
        expectEnd(process, 78, key.replacing("_FILE", with: "", maxReplacements: key == "LEDGER_KEYRING_FILE" ? 0 : 1))
        let gone = try deployment.start(["serve"], [key: "/nowhere/at/all"])
        let end = gone.waitForEnd()
        #expect(end == 78 || (key == "LEDGER_DATABASE_URL" && end == 69), "\(end ?? -1) \(gone.errors)")
        gone.signal(SIGKILL)
    }

    @Test func `a database of a newer version is left alone`() throws {
        let deployment = try Deployment()
        let owner = try PostgresConnection(deployment.database.configuration())
        try owner.execute(
            script: """
                INSERT INTO ledger.migrations (number, name, checksum)
                SELECT max(number) + 1, 'from_the_future', '\\x00' FROM ledger.migrations
                """)
        for role in ["serve", "project"] { expectEnd(try deployment.start([role]), 78, "newer") }
        let migrate = try deployment.start(["migrate"], ["LEDGER_OWNER_URL": deployment.database.url()])
        expectEnd(migrate, 78, "newer")
        owner.close()
    }

    @Test func `a database that cannot be reached is told as such`() throws {
        let deployment = try Deployment()
        let url = "host=/nowhere dbname=x user=y"
        expectEnd(
            try deployment.start(["serve"], ["LEDGER_DATABASE_URL": url]), 69, "the database cannot be reached")
        expectEnd(
            try deployment.start(["project"], ["LEDGER_PROJECTOR_URL": url]), 69, "the database cannot be reached")
    }

    @Test func `a command line that is not understood is 64`() throws {
        for arguments in [["fly"], ["up", "--fly"], ["serve", "extra"]] {
            let place = TemporaryDirectory()
            let process = try ServiceProcess(arguments, environment: [:], directory: place.path)
            #expect(process.waitForEnd() == 64, "\(process.errors)")
            process.signal(SIGKILL)
        }
    }
}

/// Keys of a deployment that is not there.
private struct MadeKeys {
    private let directory = TemporaryDirectory()
    let master: String
    let keyring: String

    init() throws {
        let bytes = (0..<64).map { _ in UInt8.random(in: .min ... .max) }
        master = directory.write("other.key", Base64.encode(Array(bytes[..<32])) + "\n")
        let key = Base64.encode(Array(bytes[32...]))
        keyring = directory.write("other.json", "{\"epochs\":[{\"epoch\":1,\"key\":\"\(key)\"}]}")
    }
}
