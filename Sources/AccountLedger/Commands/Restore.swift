import ArgumentParser
import EmbeddedPostgres
import Glibc
import LogExport
import Logging
import PostgresClient
import PostgresLedger
import Verification

/// `restore`: a new database out of an export.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a new database from an export of the log.",
        discussion: """
            Checks every line of FILE first, then writes all of it in one transaction and compares the root: same \
            positions, times, hashes, versions and command ids, so repeats by Idempotency-Key are known as before. \
            Mails that were due once are not sent again; the read models are built from the log when `up` or `project` \
            runs. At the end the database is verified as `verify` does it. Killed at any moment before its end, it \
            leaves no log behind, and is run again.

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

    @Flag(name: .customLong("no-verify"), help: "Compare versions and root, and leave the rest to `verify`.")
    var withoutVerification = false

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    mutating func run() async throws {
        let configuration = try options.load()
        let logger = LineLogHandler.logger("account-ledger", level: configuration.logLevel)
        // Before anything is made: a damaged file leaves nothing behind.
        let inspection = try ExportInspection(verifierKey: verifierKey, checkpoint: checkpoint)
        let keys = try keySet(configuration)
        let checked = try inspection.run(file)
        let task = RestoreTask(
            file: file, keys: keys, keysTo: keysTo, verifies: !withoutVerification, origin: checked.origin,
            total: checked.position, isSealed: checked.checkpoint != nil, configuration: configuration, logger: logger)
        let (outcome, report) = try await onThread { try Database.explained { try task.run() } }
        Output.line("\(outcome.origin)\t\(outcome.position)\t\(outcome.root)")
        Output.writeToStandardError("restored \(outcome.position) events of \(outcome.origin)\n")
        if let size = outcome.checkpointSize, size > outcome.position {
            Output.writeToStandardError(
                "the log had \(size) events when the export was closed; to go on behind \(outcome.position) is to leave "
                    + "what was published, see docs/backup-and-restore.md\n")
        }
        if let report { try tell(report) }
    }

    private func tell(_ report: VerificationReport) throws(CommandFailure) {
        for line in VerificationOutput.findings(report, hasColour: false) { Output.writeToStandardError("\(line)\n") }
        guard report.isSound else {
            throw CommandFailure(
                .unsound, "the database holds what the export holds, and that is not sound; run: account-ledger verify")
        }
        Output.writeToStandardError("verified \(report.events) events and \(report.boxes) boxes: sound\n")
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
