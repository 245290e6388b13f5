/// One key of the configuration: its name in the environment and in files, and what may stand there.
struct ConfigurationKey: Sendable {
    /// The name in the environment and in files, such as `LEDGER_HTTP_PORT`.
    let name: String
    /// What stands for it when nobody sets it; nil when nothing does.
    let defaultValue: String?
    /// What is shown as the default where the value is made otherwise.
    let derivation: String?
    /// Whether its value is never shown, and may stand in a file named by `<name>_FILE` instead.
    let isSecret: Bool
    /// What it is for, in a line.
    let meaning: String
    /// Says what is wrong with a value; nil when it is fine.
    let refusal: @Sendable (String) -> String?

    init(
        _ name: String, default defaultValue: String? = nil, derivation: String? = nil, isSecret: Bool = false,
        _ meaning: String, refusal: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.name = name
        self.defaultValue = defaultValue
        self.derivation = derivation
        self.isSecret = isSecret
        self.meaning = meaning
        self.refusal = refusal
    }

    /// The name of the key that holds the path of a file with the value.
    var fileName: String { "\(name)_FILE" }

    /// The flag, without its dashes: `http-port`.
    var flag: String {
        name.dropFirst("LEDGER_".count).lowercased().split(separator: "_").joined(separator: "-")
    }

    /// Two lines on it: its spellings, and what it is for with what stands for it when nobody sets it.
    var help: String {
        let spellings =
            isSecret ? "--\(flag)-file <file>, \(fileName), \(name)" : "--\(flag) <value>, \(name)"
        let fallback = (defaultValue ?? derivation).map { " (\($0))" } ?? ""
        return "  \(spellings)\n      \(meaning)\(fallback)"
    }

    /// Every key there is, in the order in which they are shown.
    static let all: [ConfigurationKey] = [
        .init("LEDGER_HOME", default: ".ledger", "state of `up`: cluster, keys, outbox, checkpoint"),
        .init(
            "LEDGER_POSTGRES_BIN", derivation: "the newest installed",
            "directory of the programs of PostgreSQL 15 or newer, for `up`"),
        .init(
            "LEDGER_DATABASE_URL", derivation: "embedded with up", isSecret: true, "database, as role ledger_gateway",
            refusal: ValueRule.databaseURL),
        .init(
            "LEDGER_PROJECTOR_URL", derivation: "embedded with up", isSecret: true,
            "database, as role ledger_projector", refusal: ValueRule.databaseURL),
        .init(
            "LEDGER_OWNER_URL", derivation: "embedded with up", isSecret: true,
            "database, as role ledger_owner, for `migrate`", refusal: ValueRule.databaseURL),
        .init("LEDGER_HTTP_HOST", default: "127.0.0.1", "address to listen on", refusal: ValueRule.host),
        .init("LEDGER_HTTP_PORT", default: "8080", "port to listen on; 0 for a free one", refusal: ValueRule.port),
        .init(
            "LEDGER_PUBLIC_URL", derivation: "http://host:port", "address under which clients reach the service",
            refusal: ValueRule.publicURL),
        .init(
            "LEDGER_ORIGIN", derivation: "<domain>/log, else as the log was opened", "name of the log; never changes",
            refusal: ValueRule.origin),
        .init("LEDGER_DOMAIN", default: "localhost", "domain of the gateway", refusal: ValueRule.domain),
        .init(
            "LEDGER_ROOT_KEY", derivation: "made by up", isSecret: true, "root's key, appId.keyid:secret",
            refusal: ValueRule.rootKey),
        .init(
            "LEDGER_MASTER_KEY", derivation: "made by up", isSecret: true, "32 bytes in base64; never changes",
            refusal: ValueRule.key),
        .init("LEDGER_KEYRING_FILE", derivation: "made by up", "file of the epoch keys"),
        .init(
            "LEDGER_SIGNING_KEY", derivation: "made by up", isSecret: true,
            "Ed25519 key that signs checkpoints: a note's signing key, or 32 bytes in base64",
            refusal: ValueRule.signingKey),
        .init(
            "LEDGER_FORMER_SIGNING_KEYS", derivation: "none", isSecret: true,
            "keys that signed checkpoints before: signing keys, which sign on beside, or verifier keys",
            refusal: ValueRule.formerKeys),
        .init(
            "LEDGER_KEYS_PASSPHRASE", derivation: "asked for at a terminal", isSecret: true,
            "opens the file of `keys export`"),
        .init(
            "LEDGER_WITNESSES", default: "none", "witnesses of the log, <url> <verifier key>, with commas between",
            refusal: ValueRule.witnesses),
        .init(
            "LEDGER_STANDBYS", default: "none",
            "application names of asynchronous standbys that may be promoted, with commas between",
            refusal: ValueRule.standbys),
        .init("LEDGER_CHECKPOINT_DIR", derivation: "<home>/checkpoint", "where the last checkpoint is kept"),
        .init(
            "LEDGER_SMTP_URL", derivation: "files in <home>/outbox with up", isSecret: true,
            "mail server, smtp:// or smtps://", refusal: ValueRule.mailServer),
        .init("LEDGER_MAIL_FROM", default: "account-ledger@localhost", "sender of mails", refusal: ValueRule.address),
        .init(
            "LEDGER_BACKUP_VERSIONS", default: "all", "versions of a backup that can be read",
            refusal: ValueRule.versions),
        .init("LEDGER_MAX_UPLOAD", default: "16 MiB", "longest body of uploads", refusal: ValueRule.size),
        .init("LEDGER_STREAM_LIMIT", default: "100000", "most events of a stream", refusal: ValueRule.streamLimit),
        .init("LEDGER_LIMITS", default: "on", "limits on attempts; off only for tests", refusal: ValueRule.onOff),
        .init(
            "LEDGER_MISAKEY_DECOYS", default: "off", "made-up password parameters for unknown Misakey accounts",
            refusal: ValueRule.onOff),
        .init(
            "LEDGER_TRUSTED_PROXIES", default: "none", "addresses whose X-Forwarded-For is believed, with commas",
            refusal: ValueRule.proxies),
        .init("LEDGER_WORKERS", default: "1", "projector workers of a process", refusal: ValueRule.workers),
        .init(
            "LEDGER_REBUILD_MEMORY", default: "300 MB", "memory that a rebuild of a read model may take",
            refusal: ValueRule.memory),
        .init(
            "LEDGER_READINESS_LEAD", default: "0", "seconds from not being ready to refusing connections",
            refusal: ValueRule.seconds),
        .init(
            "LEDGER_DRAIN_LIMIT", default: "10", "seconds that requests under way are given at the end",
            refusal: ValueRule.seconds),
        .init(
            "LEDGER_LOG_LEVEL", default: "info", "trace, debug, info, notice, warning, error or critical",
            refusal: ValueRule.logLevel),
    ]

    /// Passed over in the environment, where they are meant for others: for the tests of the project, and for clients
    /// such as those in `examples/`, which run in the same shell.
    static let ignored: Set<String> = ["LEDGER_TEST_DATABASE_URL", "LEDGER_URL", "LEDGER_OUTBOX"]
}
