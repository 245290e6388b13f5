import EmbeddedPostgres
import Glibc
import Transparency

/// The newest checkpoint outside the database, in `LEDGER_CHECKPOINT_DIR`: what a restored or forked database is
/// noticed by.
struct CheckpointFile: Sendable {
    /// The file: the signed note, byte for byte.
    let path: String
    private let directory: String

    init(directory: String) {
        self.directory = directory
        path = "\(directory)/checkpoint"
    }

    /// Puts a checkpoint in the place of an older one.
    ///
    /// A newer one of the same log stays: it may come from another gateway that shares the directory, and where it does
    /// not, it is what tells that the database was set back.
    /// - Throws: `DurableFileError`.
    func save(_ checkpoint: SealedCheckpoint) throws(DurableFileError) {
        makeDirectory()
        // Between the look and the writing no other gateway may put a newer one there.
        let lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if lock >= 0 { close(lock) } }
        if lock >= 0 { while flock(lock, LOCK_EX) != 0, errno == EINTR {} }
        if let saved = read(), let new = try? Checkpoint(SignedNote(checkpoint.note).text),
            saved.origin == new.origin, saved.size > new.size
        {
            return
        }
        try DurableFile.write(path: path, bytes: Array(checkpoint.note.utf8), mode: 0o644)
    }

    /// What the saved checkpoint says; nil when there is none, or when it is none.
    func read() -> Checkpoint? {
        guard let bytes = try? DurableFile.read(path: path), let note = try? SignedNote(bytes: bytes) else {
            return nil
        }
        return try? Checkpoint(note.text)
    }

    private func makeDirectory() {
        guard access(directory, F_OK) != 0 else { return }
        var made = ""
        for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && part.isEmpty ? "" : "\(part)"
            if !made.isEmpty { mkdir(made, 0o700) }
            made += "/"
        }
    }
}
