import AccountDomain
import Accounts
import DoorKit
import Logging
import MailTransport
import Transparency

/// The settings of the program, read once at its start.
struct LedgerConfiguration: Sendable {
    /// A key with its value, as `config print` shows it.
    struct Entry: Sendable {
        let key: ConfigurationKey
        /// Nil when nothing is set and there is no default.
        let value: String?
        /// `flag`, `environment`, a file, or `default`.
        let source: String
    }

    /// Every key, in the order of ``ConfigurationKey/all``.
    let entries: [Entry]

    /// Reads and checks every key.
    ///
    /// - Throws: ``ConfigurationFailure`` with everything that is wrong.
    init(_ sources: ConfigurationSources) throws(ConfigurationFailure) {
        var problems = sources.sourceProblems
        var entries: [Entry] = []
        for key in ConfigurationKey.all {
            guard let found = sources.find(key, &problems) else {
                entries.append(Entry(key: key, value: key.defaultValue, source: "default"))
                continue
            }
            if let reason = key.refusal(found.value) {
                problems.append(.init(key: found.place, source: found.source, reason: reason))
            }
            entries.append(Entry(key: key, value: found.value, source: found.source))
        }
        guard problems.isEmpty else { throw ConfigurationFailure(problems: problems) }
        self.entries = entries
    }

    /// The value of a key, nil when nothing is set and there is no default.
    func value(_ name: String) -> String? { entries.first { $0.key.name == name }?.value }

    /// Whether somebody set the key.
    func isSet(_ name: String) -> Bool { entries.contains { $0.key.name == name && $0.source != "default" } }

    /// The value of a key that a subcommand cannot do without.
    func required(_ name: String, for command: String) throws(ConfigurationFailure) -> String {
        guard let value = value(name) else {
            throw ConfigurationFailure(problems: [.init(key: name, source: "not set", reason: "\(command) needs it")])
        }
        return value
    }

    private func number(_ name: String) -> Int { value(name).flatMap { Int($0) } ?? 0 }
}

extension LedgerConfiguration {
    var home: String { value("LEDGER_HOME") ?? ".ledger" }
    var host: String { value("LEDGER_HTTP_HOST") ?? "127.0.0.1" }
    var port: Int { number("LEDGER_HTTP_PORT") }
    var domain: String { value("LEDGER_DOMAIN") ?? "localhost" }
    var workers: Int { max(1, number("LEDGER_WORKERS")) }
    var rebuildMemoryBytes: Int { value("LEDGER_REBUILD_MEMORY").flatMap(ValueRule.bytes) ?? 300_000_000 }
    var streamLimit: Int32 { Int32(clamping: number("LEDGER_STREAM_LIMIT")) }
    var checkpointDirectory: String { value("LEDGER_CHECKPOINT_DIR") ?? "\(home)/checkpoint" }
    /// The witnesses of the log.
    var witnesses: [Witness] { value("LEDGER_WITNESSES").flatMap { Witness.list($0) } ?? [] }
    /// The application names of asynchronous standbys that may be promoted.
    var standbys: [String] { value("LEDGER_STANDBYS").flatMap(ValueRule.standbyNames) ?? [] }
    var hasLimits: Bool { value("LEDGER_LIMITS") != "off" }
    var hasMisakeyDecoys: Bool { value("LEDGER_MISAKEY_DECOYS") == "on" }
    /// The mail server; nil when none is configured.
    var mailServer: SMTPServer? { value("LEDGER_SMTP_URL").flatMap { try? SMTPServer(url: $0) } }
    /// The sender of mails.
    var mailSender: EmailAddress {
        EmailAddress(stored: value("LEDGER_MAIL_FROM") ?? "account-ledger@localhost")
    }
    /// How many versions of a backup can be read; nil for all.
    var backupVersions: Int? { value("LEDGER_BACKUP_VERSIONS").flatMap { Int($0) } }
    var maximumUploadBytes: Int { value("LEDGER_MAX_UPLOAD").flatMap(ValueRule.bytes) ?? 16 << 20 }

    /// The name a new log is given; nil when neither it nor the domain is configured.
    func newOrigin(needsDomain: Bool) -> String? {
        if let origin = value("LEDGER_ORIGIN") { return origin }
        return isSet("LEDGER_DOMAIN") || !needsDomain ? "\(domain)/log" : nil
    }

    var logLevel: Logger.Level { value("LEDGER_LOG_LEVEL").flatMap { Logger.Level(rawValue: $0) } ?? .info }

    /// Where the service is reached from this machine.
    var localURL: ServiceURL {
        let local: String
        switch host {
        case "0.0.0.0": local = "127.0.0.1"
        case "::", "[::]": local = "::1"
        default: local = host
        }
        return ServiceURL(host: local, port: port)
    }

    /// Where clients reach the service.
    var publicURL: ServiceURL { value("LEDGER_PUBLIC_URL").flatMap { ServiceURL($0) } ?? localURL }

    var server: HTTPServerConfiguration {
        var server = HTTPServerConfiguration()
        server.host = host
        server.port = port
        server.maximumUploadBytes = maximumUploadBytes
        server.readinessLead = .seconds(number("LEDGER_READINESS_LEAD"))
        server.drainLimit = .seconds(number("LEDGER_DRAIN_LIMIT"))
        server.trustedProxies =
            (try? TrustedProxies(ValueRule.list(value("LEDGER_TRUSTED_PROXIES") ?? "none"))) ?? .none
        return server
    }
}
