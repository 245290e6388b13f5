import EmbeddedPostgres
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import Transparency

/// How tools that read the database itself come to it, and to the keys: from the configuration, or beside an `up` from
/// its home, whether that `up` runs or not.
struct LedgerAccess: Sendable {
    /// A session that may read the ledger.
    let session: PostgresConfiguration
    /// Opens boxes and recomputes reservations; nil when they are not at hand.
    let keys: LedgerKeys?
    /// Reads ``keys`` once more: a rotation may go on.
    let freshKeys: @Sendable () throws -> LedgerKeys?
    /// The text of the signing key; nil when it is not at hand.
    let signingKey: String?
    /// The texts of the keys that signed before it; nil when there are none.
    let formerKeys: String?
    /// The cluster that was started for this; to be stopped afterwards.
    private let cluster: EmbeddedPostgres?

    /// Finds the way; blocks.
    ///
    /// - Throws: ``ConfigurationFailure`` or `CommandFailure` when there is none.
    static func open(_ configuration: LedgerConfiguration, for command: String) throws -> LedgerAccess {
        if let url = configuration.value("LEDGER_DATABASE_URL") {
            let keys: @Sendable () throws -> LedgerKeys? = { try Self.keys(configuration, command) }
            return LedgerAccess(
                session: session(url), keys: try keys(), freshKeys: keys,
                signingKey: configuration.value("LEDGER_SIGNING_KEY"),
                formerKeys: configuration.value("LEDGER_FORMER_SIGNING_KEYS"), cluster: nil)
        }
        let files = KeyFiles(home: configuration.home)
        guard let stored = try files.readForTools() else {
            throw CommandFailure(
                .configuration,
                "there is no database: set LEDGER_DATABASE_URL, or LEDGER_HOME to that of an `up`")
        }
        let keys: @Sendable () throws -> LedgerKeys? = { try files.readForTools()?.keys }
        if let url = EmbeddedDatabase.runningURL(home: configuration.home) {
            return LedgerAccess(
                session: session(url), keys: stored.keys, freshKeys: keys, signingKey: stored.signingKey,
                formerKeys: stored.formerKeys, cluster: nil)
        }
        // Nobody serves it: it is started for as long as this takes.
        let database = try EmbeddedDatabase.start(
            configuration, logger: LineLogHandler.logger("account-ledger", level: .error))
        return LedgerAccess(
            session: session(database.gatewayURL), keys: stored.keys, freshKeys: keys, signingKey: stored.signingKey,
            formerKeys: stored.formerKeys, cluster: database.cluster)
    }

    /// Ends what was started.
    func close() { cluster?.stop() }

    /// The keys that checkpoints are verified with: those given, else the public halves of the log's own.
    ///
    /// - Parameters:
    ///   - given: verifier keys, or files that hold one each.
    ///   - origin: the log's name.
    /// - Returns: none when none is at hand; the log's present one first.
    /// - Throws: `CommandFailure` or ``ConfigurationFailure`` when one is none, or another log's.
    func verifiers(given: [String], origin: String) throws -> [VerifierKey] {
        guard given.isEmpty else {
            return try given.map { given in
                guard let key = try? VerifierKey((try? SmallFile.line(given)) ?? given) else {
                    throw CommandFailure(.usage, "--verifier-key is neither a verifier key nor a file that holds one")
                }
                return key
            }
        }
        guard let signingKey else { return [] }
        guard let key = LogSigningKey.read(signingKey, origin: origin) else {
            throw LedgerSecrets.failure("LEDGER_SIGNING_KEY", "is the key of another log than \(origin)")
        }
        guard let former = FormerKeys.read(formerKeys ?? "", origin: origin) else {
            throw LedgerSecrets.failure("LEDGER_FORMER_SIGNING_KEYS", "holds a key of another log than \(origin)")
        }
        return [key.verifier] + former.verifiers
    }

    private static func session(_ url: String) -> PostgresConfiguration {
        PostgresConfiguration(url: url, applicationName: "account-ledger verify")
    }

    private static func keys(_ configuration: LedgerConfiguration, _ command: String) throws -> LedgerKeys? {
        guard configuration.isSet("LEDGER_MASTER_KEY"), configuration.isSet("LEDGER_KEYRING_FILE") else { return nil }
        return try LedgerSecrets(configuration, for: command).keys
    }
}
