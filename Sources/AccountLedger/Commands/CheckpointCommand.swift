import ArgumentParser
import EmbeddedPostgres
import PostgresClient
import PostgresLedger
import PostgresTransparency
import StrictJSON
import Transparency
import Verification

/// `checkpoint`: what the log signed of itself, kept where a changed database cannot reach it.
struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Show, keep and compare the log's signed checkpoints.",
        subcommands: [ShowCheckpoint.self, SaveCheckpoint.self, CompareCheckpoint.self])

    struct Options: ParsableArguments {
        @Option(
            name: .customLong("verifier-key"),
            help: ArgumentHelp("The log's public key, or a file with it; may be repeated.", valueName: "key"))
        var verifierKeys: [String] = []

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup(title: "Configuration") var options: ConfigurationOptions

        /// Does something with a session and the log's name.
        func run<T: Sendable>(
            _ body: @escaping @Sendable (PostgresConnection, _ origin: String, [VerifierKey]) throws -> T
        ) async throws -> T {
            let configuration = try options.load()
            let verifierKeys = verifierKeys
            return try await onThread {
                let access = try LedgerAccess.open(configuration, for: "checkpoint")
                defer { access.close() }
                return try Database.explained {
                    let origin = try CheckpointTools.origin(access)
                    let connection = try PostgresConnection(access.session)
                    defer { connection.close() }
                    return try body(connection, origin, try access.verifiers(given: verifierKeys, origin: origin))
                }
            }
        }

        /// The newest checkpoint, which the log's key must have signed when it is known.
        func newest(
            _ connection: PostgresConnection, _ origin: String, _ verifiers: [VerifierKey]
        ) throws -> SignedNote {
            guard let note = try NewestCheckpoint.read(on: connection) else {
                throw CommandFailure(.failure, "nothing is sealed yet")
            }
            try check(note, "the newest checkpoint", origin, verifiers)
            return note
        }

        func check(_ note: SignedNote, _ name: String, _ origin: String, _ verifiers: [VerifierKey]) throws {
            if let refusal = NewestCheckpoint.refusal(of: note, origin: origin, verifiers: verifiers) {
                throw CommandFailure(.unsound, "\(name) \(refusal)")
            }
        }
    }

    struct ShowCheckpoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print the newest checkpoint.",
            discussion: "Prints the signed note as it is, so that it may be kept anywhere; --json prints its parts.")

        @OptionGroup var options: Options

        mutating func run() async throws {
            let options = options
            let note = try await options.run { try options.newest($0, $1, $2) }
            guard options.json else { return Output.write(Array(String(describing: note).utf8)) }
            let checkpoint = try Checkpoint(note.text)
            Output.line(
                JSONText.compact(
                    .object([
                        "origin": .string(checkpoint.origin), "size": .integer(checkpoint.size),
                        "root": .string(checkpoint.root.base64), "note": .string(String(describing: note)),
                    ])))
        }
    }

    struct SaveCheckpoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "save", abstract: "Keep the newest checkpoint in a file.",
            discussion: "The file is there in full or not at all, whatever happens meanwhile.")

        @Argument(help: "The file; replaced when it is there.")
        var file: String

        @OptionGroup var options: Options

        mutating func run() async throws {
            let options = options
            let note = try await options.run { try options.newest($0, $1, $2) }
            do throws(DurableFileError) {
                try DurableFile.write(path: file, bytes: Array(String(describing: note).utf8), mode: 0o644)
            } catch { throw CommandFailure(.failure, error.description) }
            Output.writeToStandardError("kept the checkpoint of size \(try Checkpoint(note.text).size) in \(file)\n")
        }
    }

    struct CompareCheckpoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "compare", abstract: "Tell whether the log extends a checkpoint that was kept.",
            discussion: """
                Quick, by stored tiles; `verify --checkpoint` recomputes them from the rows. Exits 0 when the log \
                extends the checkpoint, 1 when it was set back behind it or has another history, 3 when that cannot be told.
                """)

        @Argument(help: "The file with the checkpoint.")
        var file: String

        @OptionGroup var options: Options

        mutating func run() async throws {
            let options = options
            let file = file
            let note = try CheckpointTools.read(file)
            let checkpoint = try Checkpoint(note.text)
            let verdict = try await Judgement.reach {
                try await options.run { connection, origin, verifiers in
                    try options.check(note, file, origin, verifiers)
                    return try RollbackGuard().compare(checkpoint, origin: origin, on: connection)
                }
            }
            if options.json {
                Output.line(
                    JSONText.compact(
                        .object([
                            "extends": .bool(verdict == .extends), "verdict": .string(verdict.name),
                            "size": .integer(checkpoint.size),
                        ])))
            } else {
                Output.line(verdict.sentence(checkpoint))
            }
            guard verdict == .extends else { throw ExitCode(CommandStatus.failure.rawValue) }
        }
    }
}

extension RollbackGuard.Verdict {
    /// The word for programs.
    var name: String {
        switch self {
        case .extends: "extends"
        case .givenUp: "given-up"
        case .behind: "behind"
        case .diverged: "diverged"
        }
    }

    /// The sentence for people.
    func sentence(_ checkpoint: Checkpoint) -> String {
        switch self {
        case .extends: "the log extends the checkpoint of size \(checkpoint.size)"
        case .givenUp: "the checkpoint belongs to \(checkpoint.origin), a history that was given up"
        case .behind(let head):
            "the log ends at position \(head), but a checkpoint of size \(checkpoint.size) was published"
        case .diverged: "the log has another history than the checkpoint of size \(checkpoint.size)"
        }
    }
}
