import ArgumentParser
import Testing

@testable import AccountLedger

@Suite("Configuration") struct ConfigurationTests {
    private func load(
        flags: [String: String] = [:], _ environment: [String: String] = [:], file: String? = nil
    ) throws -> LedgerConfiguration {
        try LedgerConfiguration(ConfigurationSources(flags: flags, environment: environment, file: file))
    }

    private func problems(
        flags: [String: String] = [:], _ environment: [String: String] = [:], file: String? = nil
    ) -> [String] {
        do {
            _ = try load(flags: flags, environment, file: file)
            return []
        } catch let failure as ConfigurationFailure {
            return failure.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `every default passes its own rule`() throws {
        let configuration = try load()
        #expect(configuration.port == 8080)
        #expect(configuration.maximumUploadBytes == 16 << 20)
        for key in ConfigurationKey.all {
            if let value = key.defaultValue { #expect(key.refusal(value) == nil, "\(key.name)") }
        }
    }

    @Test func `flags win over the environment, and that over the file`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            "ledger.env", "# ports\nLEDGER_HTTP_PORT=1001\n\nLEDGER_HTTP_HOST = \"::1\"\nLEDGER_DOMAIN=a.example\n")
        let configuration = try load(
            flags: ["LEDGER_HTTP_PORT": "1003"], ["LEDGER_HTTP_PORT": "1002", "LEDGER_DOMAIN": "b.example"], file: file)
        #expect(configuration.port == 1003)
        #expect(configuration.domain == "b.example")
        #expect(configuration.host == "::1")
        let sources = configuration.entries.filter { $0.source != "default" }.map { "\($0.key.name) \($0.source)" }
        #expect(
            sources == ["LEDGER_HTTP_HOST \(file)", "LEDGER_HTTP_PORT flag", "LEDGER_DOMAIN environment"])
    }

    @Test(arguments: [
        ("LEDGER_HTTP_PORT", "80 80"), ("LEDGER_HTTP_PORT", "65536"), ("LEDGER_HTTP_PORT", "-1"),
        ("LEDGER_HTTP_HOST", "a b"), ("LEDGER_PUBLIC_URL", "ftp://x"), ("LEDGER_PUBLIC_URL", "http://x/path"),
        ("LEDGER_PUBLIC_URL", "http://user@x"), ("LEDGER_ORIGIN", "a b"), ("LEDGER_ORIGIN", "a+b"),
        ("LEDGER_DOMAIN", "-x.example"), ("LEDGER_DOMAIN", "X.example"), ("LEDGER_DOMAIN", "a..b"),
        ("LEDGER_ROOT_KEY", "root"), ("LEDGER_ROOT_KEY", "root.abcdef:tooshort"), ("LEDGER_MASTER_KEY", "abc"),
        ("LEDGER_SIGNING_KEY", "####"), ("LEDGER_DATABASE_URL", "postgresql://[::1/x"),
        ("LEDGER_OWNER_URL", "nonsense=1"), ("LEDGER_SMTP_URL", "http://mail"), ("LEDGER_MAIL_FROM", "nobody"),
        ("LEDGER_BACKUP_VERSIONS", "0"), ("LEDGER_BACKUP_VERSIONS", "some"), ("LEDGER_MAX_UPLOAD", "16 apples"),
        ("LEDGER_MAX_UPLOAD", "2 GiB"), ("LEDGER_STREAM_LIMIT", "1"), ("LEDGER_LIMITS", "yes"),
        ("LEDGER_TRUSTED_PROXIES", "10.0.0.0/33"), ("LEDGER_TRUSTED_PROXIES", "proxy"), ("LEDGER_WORKERS", "0"),
        ("LEDGER_WITNESSES", "https://w.example w.example+4bdc7eaa+BAAA"), ("LEDGER_READINESS_LEAD", "1.5"),
        ("LEDGER_STANDBYS", "a b"), ("LEDGER_STANDBYS", "a,"), ("LEDGER_STANDBYS", "a, a"), ("LEDGER_STANDBYS", "a,*"),
        ("LEDGER_STANDBYS", "\(String(repeating: "a", count: 64))"), ("LEDGER_DRAIN_LIMIT", "forever"),
        ("LEDGER_LOG_LEVEL", "loud"),
    ])
    func `a bad value is refused, naming key and source and not the value`(key: String, value: String) throws {
        let found = problems([key: value])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("\(key) (environment): ") ?? false, "\(found)")
        if ConfigurationKey.all.contains(where: { $0.name == key && $0.isSecret }), value.count > 4 {
            #expect(!(found.first?.contains(value) ?? true))
        }
    }

    @Test func `a password in a database URL that cannot be read is not repeated`() {
        let found = problems(["LEDGER_DATABASE_URL": "postgresql://u:geheim:5432@h:x/db?sslmod=1"])
        #expect(found.count == 1)
        #expect(!found.joined().contains("geheim"))
    }

    @Test(arguments: ["LEDGER_HTTP_PROT", "LEDGER_", "LEDGER_HTTP_PORT_FILE", "LEDGER_HOME_FILE"])
    func `an unknown key is refused by name`(key: String) {
        #expect(problems([key: "1"]) == ["\(key) (environment): is not a key of the configuration"])
    }

    @Test func `what is not ours in the environment is none of our business`() {
        #expect(problems(["PATH": "/bin", "LEDGERS": "x", "LEDGER_TEST_DATABASE_URL": "x"]).isEmpty)
    }

    @Test func `what the examples read from the environment is theirs, and stands in no file of ours`() throws {
        #expect(problems(["LEDGER_URL": "http://127.0.0.1:8080", "LEDGER_OUTBOX": "/tmp"]).isEmpty)
        // Nothing takes its value from there.
        #expect(try load(["LEDGER_URL": "http://127.0.0.1:1"]).publicURL == load().publicURL)
        let directory = try TemporaryDirectory()
        let file = try directory.write("settings", "LEDGER_URL=http://127.0.0.1:1\n")
        #expect(problems([:], file: file) == ["LEDGER_URL (\(file)): is not a key of the configuration"])
    }

    @Test func `everything that is wrong is told at once`() {
        #expect(problems(["LEDGER_HTTP_PORT": "x", "LEDGER_TYPO": "1", "LEDGER_LIMITS": "x"]).count == 3)
    }

    @Test func `an empty value counts as none`() throws {
        #expect(try load(["LEDGER_HTTP_PORT": ""]).port == 8080)
    }

    @Test func `standbys are named with commas and blanks between`() throws {
        #expect(try load().standbys.isEmpty)
        #expect(try load(["LEDGER_STANDBYS": "none"]).standbys.isEmpty)
        let named = try load(["LEDGER_STANDBYS": "db-2.example, 15/main ,B_3"])
        #expect(named.standbys == ["db-2.example", "15/main", "B_3"])
    }

    @Test func `a secret may stand in a file of its own`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("url", "postgresql:///ledger\n")
        let configuration = try load(["LEDGER_DATABASE_URL_FILE": file])
        #expect(configuration.value("LEDGER_DATABASE_URL") == "postgresql:///ledger")
        let entry = try #require(configuration.entries.first { $0.key.name == "LEDGER_DATABASE_URL" })
        #expect(ConfigCommand.Print.shown(entry) == "***")
    }

    @Test func `a secret given twice in one place is refused`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("url", "postgresql:///ledger\n")
        let found = problems(["LEDGER_DATABASE_URL_FILE": file, "LEDGER_DATABASE_URL": "postgresql:///other"])
        #expect(
            found == ["LEDGER_DATABASE_URL (environment): is given together with LEDGER_DATABASE_URL_FILE"])
    }

    @Test(arguments: [("", "it is empty"), ("one\ntwo\n", "it has several lines")])
    func `a secret's file holds one line`(content: String, reason: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("key", content)
        let found = problems(["LEDGER_MASTER_KEY_FILE": file])
        #expect(found == ["LEDGER_MASTER_KEY_FILE (environment): cannot read \(file): \(reason)"])
    }

    @Test func `a secret's file that is missing is named`() {
        let found = problems(["LEDGER_MASTER_KEY_FILE": "/nowhere/key"])
        #expect(
            found
                == ["LEDGER_MASTER_KEY_FILE (environment): cannot read /nowhere/key: No such file or directory"])
    }

    @Test(arguments: [
        ("LEDGER_HTTP_PORT 8080", "line 1"), ("\nLEDGER_LIMITS=on\nLEDGER_LIMITS=off", "twice"),
        ("LEDGER_TYPO=1", "not a key"), ("=1", "line 1"),
    ])
    func `a bad line of the file is refused`(content: String, part: String) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("ledger.env", content)
        let found = problems(file: file)
        #expect(found.count == 1)
        #expect(found.joined().contains(part), "\(found)")
    }

    @Test func `every flag stands for a key`() throws {
        let text = ConfigurationOptions.helpMessage(includeHidden: true)
        for key in ConfigurationKey.all {
            #expect(text.contains("--\(key.flag)\(key.isSecret ? "-file" : "") "), "\(key.name)")
        }
    }

    @Test func `the help of config tells every setting, and no other help tells any`() {
        let described = ConfigCommand.helpMessage(includeHidden: false, columns: 400)
        for key in ConfigurationKey.all {
            let spelling = key.isSecret ? "--\(key.flag)-file <file>, \(key.fileName), \(key.name)" : "\(key.name)"
            #expect(described.contains(spelling) && described.contains(key.meaning), "\(key.name)")
        }
        let commands: [any ParsableArguments.Type] = [
            Up.self, Serve.self, Project.self, Migrate.self, Show.self, Replay.self, Verify.self, Restore.self,
            Health.self, ConfigCommand.Print.self, KeysRotate.self, CheckpointCommand.ShowCheckpoint.self,
        ]
        let helps = commands.map { $0.helpMessage(includeHidden: false, columns: 400) }
        for help in helps {
            #expect(!help.contains("--http-port") && !help.contains("--master-key-file"), "\(help)")
            #expect(help.contains("`account-ledger config --help`"), "\(help)")
        }
    }

    @Test(arguments: [
        ("0.0.0.0", "http://127.0.0.1:8080"), ("::", "http://[::1]:8080"), ("10.1.2.3", "http://10.1.2.3:8080"),
    ])
    func `the service is reached from here where it listens`(host: String, url: String) throws {
        #expect(try load(["LEDGER_HTTP_HOST": host]).localURL.description == url)
    }
}
