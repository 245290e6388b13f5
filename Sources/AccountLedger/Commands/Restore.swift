import ArgumentParser
import EmbeddedPostgres
import Glibc
import LogExport
import Logging
import PostgresClient
import PostgresLedger
import Projector

/// `restore`: a new database out of an export.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a new database from an export of the log.",
        discussion: """
            Checks every line of FILE first, then writes all of it in one transaction and compares the root: same \
            positions, times, hashes, versions and command ids, so repeats by Idempotency-Key are known as before. \
            Mails that were due once are not sent again; the read models are built from the log when `up` or `project` \
            runs.

            The database is that of LEDGER_OWNER_URL, which must hold nothing of a log, or else a new cluster in \
            LEDGER_HOME. The keys are those of --keys, or LEDGER_KEYRING_FILE and LEDGER_MASTER_KEY.
            """)

    @Argument(help: "The file that `replay --export` wrote.")
    var file: String

    @Option(help: ArgumentHelp("The file that `keys export` wrote.", valueName: "file"))
    var keys: String?

    @Option(help: ArgumentHelp("Where the keys are put as files (LEDGER_HOME/keys).", valueName: "dir"))
    var keysTo: String?

    @Option(help: ArgumentHelp("The log's public key, or a file with it.", valueName: "key"))
    var verifierKey: String?

    @Option(help: ArgumentHelp("A checkpoint kept elsewhere that must fit.", valueName: "file"))
    var checkpoint: String?

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    mutating func run() async throws {
        let configuration = try options.load()
        let logger = LineLogHandler.logger("account-ledger", level: configuration.logLevel)
        let task = RestoreTask(
            file: file, keys: try keySet(configuration), keysTo: keysTo, configuration: configuration, logger: logger)
        // Before anything is made: a damaged file leaves nothing behind.
        try ExportInspection(verifierKey: verifierKey, checkpoint: checkpoint).run(file)
        let outcome = try await onThread { try Database.explained { try task.run() } }
        Output.line("\(outcome.origin)\t\(outcome.position)\t\(outcome.root)")
        Output.writeToStandardError("restored \(outcome.position) events of \(outcome.origin)\n")
        if let size = outcome.checkpointSize, size > outcome.position {
            Output.writeToStandardError(
                "the log had \(size) events when the export was closed; to go on behind \(outcome.position) is to leave "
                    + "what was published, see docs/backup-and-restore.md\n")
        }
    }

    private func keySet(_ configuration: LedgerConfiguration) throws -> KeySet {
        guard let keys else { return try KeySource.find(configuration) }
        do {
            return try SealedKeys.open(
                try SmallFile.read(keys), passphrase: try Passphrase.find(configuration, isNew: false))
        } catch let failure as FileFailure {
            throw CommandFailure(.configuration, failure.description)
        } catch let failure as SealedKeysFailure {
            throw CommandFailure(.configuration, "\(keys): \(failure)")
        }
    }
}

/// The restore itself, which blocks.
struct RestoreTask: Sendable {
    let file: String
    let keys: KeySet
    let keysTo: String?
    let configuration: LedgerConfiguration
    let logger: Logger

    func run() throws -> LogRestore.Outcome {
        if configuration.isSet("LEDGER_OWNER_URL") {
            let url = try configuration.required("LEDGER_OWNER_URL", for: "restore")
            let connection = try PostgresConnection(Migrator.session(url: url))
            defer { connection.close() }
            return try fill(connection, keyFiles: keysTo.map { KeyFiles(directory: $0) })
        }
        let files = keysTo.map { KeyFiles(directory: $0) } ?? KeyFiles(home: configuration.home)
        try keys.check(files)
        let database = try EmbeddedDatabase.start(configuration, logger: logger)
        defer { database.cluster.stop() }
        let connection = try database.ownerSession()
        defer { connection.close() }
        var complete = self
        complete.keepsRoot(or: DrawnRootKey.make(for: configuration.domain))
        let outcome = try complete.fill(connection, keyFiles: files)
        try EmbeddedDatabase.addUsers(on: connection)
        return outcome
    }

    private func fill(_ connection: PostgresConnection, keyFiles: KeyFiles?) throws -> LogRestore.Outcome {
        guard try LogOpening.origin(on: connection) == nil else {
            throw CommandFailure(.configuration, RestoreRefusal.notEmpty.description)
        }
        if let keyFiles { try keys.check(keyFiles) }
        let ledgerKeys = try keys.ledgerKeys()
        try Migrator(logger: logger).migrate(on: connection)
        do {
            let outcome = try LogRestore(on: connection, keys: ledgerKeys).run(file) {
                // Ahead of the commit, so that there is never a log without its keys.
                if let keyFiles { try keys.install(in: keyFiles) }
            }
            _ = try LogOpening(keys: ledgerKeys).open(origin: outcome.origin, on: connection)
            try Projections.register(ShippedProjections.all(ledgerKeys.master), on: connection, logger: logger)
            return outcome
        } catch let refusal as RestoreRefusal {
            throw CommandFailure(.configuration, refusal.description)
        } catch let fault as ExportFault {
            throw CommandFailure(.failure, "\(file): \(fault)")
        }
    }
}

extension RestoreTask {
    /// An `up` needs root's key, which an export of keys need not have.
    private mutating func keepsRoot(or drawn: String) {
        guard keys.root == nil else { return }
        var keys = keys
        keys.root = drawn
        self = RestoreTask(file: file, keys: keys, keysTo: keysTo, configuration: configuration, logger: logger)
    }
}
