import EventCoding
import Glibc
import LogExport
import Transparency

/// The check of an export without the service: every line, and what its log's owner signed.
struct ExportInspection {
    private let keys: [VerifierKey]
    private let known: Checkpoint?

    /// A check with the log's public key, as text or in a file, and with a checkpoint kept elsewhere.
    ///
    /// - Throws: `CommandFailure` when they are not what they are to be.
    init(verifierKey: String?, checkpoint: String?) throws(CommandFailure) {
        var keys: [VerifierKey] = []
        if let verifierKey { keys.append(try Self.key(verifierKey)) }
        self.keys = keys
        if let checkpoint { known = try Self.checkpoint(checkpoint, keys) } else { known = nil }
    }

    /// Checks a file and hands over its events; says at the end what is proven, on standard error.
    ///
    /// - Throws: `CommandFailure` with the line, as soon as one is not in order.
    @discardableResult
    func run(_ path: String, _ body: (StoredEvent, String) throws(CommandFailure) -> Void = { _, _ in }) throws
        -> ExportChecker
    {
        let checker: ExportChecker
        var origin = ""
        do {
            checker = try ExportFile.check(path, known: known) { item in
                switch item {
                case .event(let event): try body(event, origin)
                case .record(.header(let header)): origin = header.origin
                case .record: break
                }
            }
        } catch let fault as ExportFault {
            throw CommandFailure(.failure, "\(path): \(fault)")
        }
        let proof = try verify(checker, path)
        Output.writeToStandardError(
            "\(path): \(checker.position) events of \(checker.origin), root \(checker.root.base64); \(proof)\n")
        return checker
    }

    private func verify(_ checker: ExportChecker, _ path: String) throws(CommandFailure) -> String {
        guard let note = checker.closing?.note, let checkpoint = checker.checkpoint else {
            guard keys.isEmpty else {
                throw CommandFailure(.failure, "\(path): no checkpoint closes the export, so nothing in it is signed")
            }
            return "no checkpoint closes it"
        }
        guard !keys.isEmpty else {
            return "closed by a checkpoint of \(checkpoint.size), whose signature was not checked (--verifier-key)"
        }
        do throws(TransparencyError) {
            _ = try Checkpoint(verifying: try SignedNote(note), with: keys)
        } catch {
            throw CommandFailure(
                .failure, "\(path): line \(checker.line): the checkpoint is not signed with the key given")
        }
        return "signed by \(keys.map(\.name).joined(separator: ", ")) in a checkpoint of \(checkpoint.size)"
    }

    private static func key(_ given: String) throws(CommandFailure) -> VerifierKey {
        let text: String
        if access(given, R_OK) == 0 {
            do throws(FileFailure) { text = try SmallFile.line(given) } catch {
                throw CommandFailure(.configuration, error.description)
            }
        } else {
            text = given
        }
        guard let key = try? VerifierKey(text) else {
            throw CommandFailure(.configuration, "--verifier-key is not of the form <name>+<id>+<key>, nor such a file")
        }
        return key
    }

    private static func checkpoint(_ path: String, _ keys: [VerifierKey]) throws(CommandFailure) -> Checkpoint {
        do {
            let note = try SignedNote(bytes: try SmallFile.read(path))
            return keys.isEmpty ? try Checkpoint(note.text) : try Checkpoint(verifying: note, with: keys)
        } catch let error as FileFailure {
            throw CommandFailure(.configuration, error.description)
        } catch {
            throw CommandFailure(.configuration, "\(path) is no checkpoint, or not one signed with the key given")
        }
    }
}
