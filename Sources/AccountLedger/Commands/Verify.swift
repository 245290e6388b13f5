import ArgumentParser
import EmbeddedPostgres
import Glibc
import PostgresLedger
import StrictJSON
import Transparency
import Verification

/// `verify`: whether the log is what it was.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Recompute the log's proofs, counters and reservations from its rows.",
        discussion: """
            Reads the database of LEDGER_DATABASE_URL, or beside an `up` that of LEDGER_HOME, in one snapshot and \
            without standing in anybody's way. Prints what is wrong, the first position first. With LEDGER_SIGNING_KEY \
            or --verifier-key signatures are checked; with LEDGER_MASTER_KEY and LEDGER_KEYRING_FILE boxes are opened \
            and reservations recomputed. The checkpoint in LEDGER_CHECKPOINT_DIR must be a beginning of the log, and \
            so must every one given by --checkpoint.

            Exit codes: 0 sound, 1 something is wrong, 3 it cannot be told, such as when the database is out of \
            reach, 78 configuration, a key or a checkpoint does not fit.
            """)

    @Option(
        name: .customLong("checkpoint"),
        help: ArgumentHelp("A checkpoint kept elsewhere that the log must extend; may be repeated.", valueName: "file"))
    var checkpoints: [String] = []

    @Option(help: ArgumentHelp("Begin here, rounded down to the start of a chunk of 65536.", valueName: "position"))
    var from: Int64 = 1

    @Option(
        name: .customLong("verifier-key"),
        help: ArgumentHelp("The log's public key, or a file with it; may be repeated.", valueName: "key"))
    var verifierKeys: [String] = []

    @Option(help: "How many sessions work side by side; one for each processor when not given.")
    var jobs: Int?

    @Option(help: ArgumentHelp("The most memory to use, in MiB.", valueName: "MiB"))
    var memory = 300

    @Flag(name: .customLong("no-keys"), help: "Leave boxes and reservations alone although the keys are at hand.")
    var withoutKeys = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    func validate() throws {
        guard from >= 1 else { throw ArgumentParser.ValidationError("--from is a position, 1 or more.") }
        guard jobs ?? 1 >= 1, jobs ?? 1 <= 64 else { throw ArgumentParser.ValidationError("--jobs is 1 to 64.") }
        guard memory >= 100 else { throw ArgumentParser.ValidationError("--memory is 100 or more.") }
    }

    mutating func run() async throws {
        let configuration = try options.load()
        let command = self
        let report = try await Judgement.reach { try await onThread { try command.verify(configuration) } }
        if json { VerificationOutput.printJSON(report) } else { VerificationOutput.printText(report) }
        guard report.isSound else { throw ExitCode(CommandStatus.failure.rawValue) }
    }

    /// How many sessions work side by side when nobody says.
    static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    private func verify(_ configuration: LedgerConfiguration) throws -> VerificationReport {
        let access = try LedgerAccess.open(configuration, for: "verify")
        defer { access.close() }
        return try Database.explained {
            var verification = VerificationConfiguration(session: access.session)
            let origin = try CheckpointTools.origin(access)
            let verifiers = try access.verifiers(given: verifierKeys, origin: origin)
            verification.verifier = verifiers.first
            verification.formerVerifiers = Array(verifiers.dropFirst())
            verification.saved = try saved(configuration)
            verification.keys = withoutKeys ? nil : access.keys
            verification.freshKeys = { try access.freshKeys() }
            verification.from = from
            verification.jobs = jobs ?? Self.processors
            verification.memoryBytes = memory << 20
            let bar = ProgressLine("verified", unit: "events")
            verification.progress = { bar.show($0, of: $1) }
            defer { bar.clear() }
            return try Verification(verification).run()
        }
    }

    private func saved(_ configuration: LedgerConfiguration) throws -> [(name: String, note: SignedNote)] {
        var paths = checkpoints
        let kept = CheckpointFile(directory: configuration.checkpointDirectory).path
        if access(kept, F_OK) == 0 { paths.append(kept) }
        return try paths.map { ($0, try CheckpointTools.read($0)) }
    }
}
