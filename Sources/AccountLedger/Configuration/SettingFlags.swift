import ArgumentParser

/// A flag for each key of the configuration; `account-ledger config --help` describes them, so that the help of each
/// subcommand has room for its own options.
///
/// Secrets have none, for anybody can read a process's arguments; there are flags for the files they stand in.
struct SettingFlags: ParsableArguments {
    @Option(name: .customLong("home"), help: ArgumentHelp("State of `up` (.ledger).", valueName: "dir"))
    var home: String?

    @Option(
        name: .customLong("postgres-bin"),
        help: ArgumentHelp("Directory of PostgreSQL's programs, for `up`.", valueName: "dir"))
    var postgresBin: String?

    @Option(
        name: .customLong("database-url-file"),
        help: ArgumentHelp("File with the gateway's database URL.", valueName: "path"))
    var databaseURLFile: String?

    @Option(
        name: .customLong("projector-url-file"),
        help: ArgumentHelp("File with the projector's database URL.", valueName: "path"))
    var projectorURLFile: String?

    @Option(
        name: .customLong("owner-url-file"),
        help: ArgumentHelp("File with the owner's database URL.", valueName: "path"))
    var ownerURLFile: String?

    @Option(name: .customLong("http-host"), help: ArgumentHelp("Address to listen on (127.0.0.1).", valueName: "host"))
    var httpHost: String?

    @Option(
        name: .customLong("http-port"),
        help: ArgumentHelp("Port to listen on, 0 for a free one (8080).", valueName: "port"))
    var httpPort: String?

    @Option(
        name: .customLong("public-url"),
        help: ArgumentHelp("Address under which clients reach the service.", valueName: "url"))
    var publicURL: String?

    @Option(name: .customLong("origin"), help: ArgumentHelp("Name of the log.", valueName: "name"))
    var origin: String?

    @Option(name: .customLong("domain"), help: ArgumentHelp("Domain of the gateway (localhost).", valueName: "domain"))
    var domain: String?

    @Option(name: .customLong("root-key-file"), help: ArgumentHelp("File with root's key.", valueName: "path"))
    var rootKeyFile: String?

    @Option(name: .customLong("master-key-file"), help: ArgumentHelp("File with the master key.", valueName: "path"))
    var masterKeyFile: String?

    @Option(name: .customLong("keyring-file"), help: ArgumentHelp("File of the epoch keys.", valueName: "path"))
    var keyringFile: String?

    @Option(
        name: .customLong("signing-key-file"),
        help: ArgumentHelp("File with the key that signs checkpoints.", valueName: "path"))
    var signingKeyFile: String?

    @Option(
        name: .customLong("former-signing-keys-file"),
        help: ArgumentHelp("File with the keys that signed before it.", valueName: "path"))
    var formerSigningKeysFile: String?

    @Option(
        name: .customLong("keys-passphrase-file"),
        help: ArgumentHelp("File with the passphrase of exported keys.", valueName: "path"))
    var keysPassphraseFile: String?

    @Option(name: .customLong("witnesses"), help: ArgumentHelp("Witnesses of the log (none).", valueName: "list"))
    var witnesses: String?

    @Option(
        name: .customLong("standbys"),
        help: ArgumentHelp("Asynchronous standbys that may be promoted (none).", valueName: "list"))
    var standbys: String?

    @Option(
        name: .customLong("checkpoint-dir"),
        help: ArgumentHelp("Where the last checkpoint is kept.", valueName: "dir"))
    var checkpointDir: String?

    @Option(
        name: .customLong("smtp-url-file"),
        help: ArgumentHelp("File with the mail server's URL.", valueName: "path"))
    var smtpURLFile: String?

    @Option(name: .customLong("mail-from"), help: ArgumentHelp("Sender of mails.", valueName: "address"))
    var mailFrom: String?

    @Option(
        name: .customLong("backup-versions"),
        help: ArgumentHelp("Versions of a backup that can be read (all).", valueName: "n"))
    var backupVersions: String?

    @Option(name: .customLong("max-upload"), help: ArgumentHelp("Longest body of uploads (16 MiB).", valueName: "size"))
    var maxUpload: String?

    @Option(name: .customLong("stream-limit"), help: ArgumentHelp("Most events of a stream (100000).", valueName: "n"))
    var streamLimit: String?

    @Option(name: .customLong("limits"), help: ArgumentHelp("Limits on attempts (on).", valueName: "on|off"))
    var limits: String?

    @Option(
        name: .customLong("misakey-decoys"),
        help: ArgumentHelp("Parameters for unknown Misakey accounts (off).", valueName: "on|off"))
    var misakeyDecoys: String?

    @Option(
        name: .customLong("trusted-proxies"),
        help: ArgumentHelp("Addresses whose X-Forwarded-For is believed.", valueName: "list"))
    var trustedProxies: String?

    @Option(name: .customLong("workers"), help: ArgumentHelp("Projector workers (1).", valueName: "n"))
    var workers: String?

    @Option(
        name: .customLong("rebuild-memory"),
        help: ArgumentHelp("Memory that a rebuild may take (300 MB).", valueName: "size"))
    var rebuildMemory: String?

    @Option(
        name: .customLong("readiness-lead"),
        help: ArgumentHelp("Seconds from not ready to refusing connections (0).", valueName: "seconds"))
    var readinessLead: String?

    @Option(
        name: .customLong("drain-limit"),
        help: ArgumentHelp("Seconds for requests under way at the end (10).", valueName: "seconds"))
    var drainLimit: String?

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp("Least level of what is logged (info).", valueName: "level"))
    var logLevel: String?

    /// The flags that were given, by the names of their keys.
    var given: [String: String] {
        let all: [(String, String?)] = [
            ("LEDGER_HOME", home),
            ("LEDGER_POSTGRES_BIN", postgresBin),
            ("LEDGER_DATABASE_URL_FILE", databaseURLFile),
            ("LEDGER_PROJECTOR_URL_FILE", projectorURLFile),
            ("LEDGER_OWNER_URL_FILE", ownerURLFile),
            ("LEDGER_HTTP_HOST", httpHost),
            ("LEDGER_HTTP_PORT", httpPort),
            ("LEDGER_PUBLIC_URL", publicURL),
            ("LEDGER_ORIGIN", origin),
            ("LEDGER_DOMAIN", domain),
            ("LEDGER_ROOT_KEY_FILE", rootKeyFile),
            ("LEDGER_MASTER_KEY_FILE", masterKeyFile),
            ("LEDGER_KEYRING_FILE", keyringFile),
            ("LEDGER_SIGNING_KEY_FILE", signingKeyFile),
            ("LEDGER_FORMER_SIGNING_KEYS_FILE", formerSigningKeysFile),
            ("LEDGER_KEYS_PASSPHRASE_FILE", keysPassphraseFile),
            ("LEDGER_WITNESSES", witnesses),
            ("LEDGER_STANDBYS", standbys),
            ("LEDGER_CHECKPOINT_DIR", checkpointDir),
            ("LEDGER_SMTP_URL_FILE", smtpURLFile),
            ("LEDGER_MAIL_FROM", mailFrom),
            ("LEDGER_BACKUP_VERSIONS", backupVersions),
            ("LEDGER_MAX_UPLOAD", maxUpload),
            ("LEDGER_STREAM_LIMIT", streamLimit),
            ("LEDGER_LIMITS", limits),
            ("LEDGER_MISAKEY_DECOYS", misakeyDecoys),
            ("LEDGER_TRUSTED_PROXIES", trustedProxies),
            ("LEDGER_WORKERS", workers),
            ("LEDGER_REBUILD_MEMORY", rebuildMemory),
            ("LEDGER_READINESS_LEAD", readinessLead),
            ("LEDGER_DRAIN_LIMIT", drainLimit),
            ("LEDGER_LOG_LEVEL", logLevel),
        ]
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, value in value.map { (name, $0) } })
    }
}
