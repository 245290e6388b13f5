import EmbeddedPostgres
import Glibc
import Transparency

/// The newest checkpoint outside the database, in `LEDGER_CHECKPOINT_DIR`: what a restored or forked database is
/// noticed by.
struct CheckpointFile: Sendable {
    /// The file: the signed note, byte for byte.
    let path: String
    private let directory: String

    private let patience: Duration

    /// A file in a directory.
    ///
    /// - Parameters:
    ///   - directory: made when it is not there.
    ///   - patience: how long another process's lock is waited for, which is held for the time of one small write.
    init(directory: String, patience: Duration = .seconds(2)) {
        self.directory = directory
        self.patience = patience
        path = "\(directory)/checkpoint"
    }

    /// Puts a checkpoint in the place of an older one.
    ///
    /// A newer one of the same log stays: it may come from another gateway that shares the directory, and where it does
    /// not, it is what tells that the database was set back.
    /// - Throws: `DurableFileError`, ``LockFailure``.
    func save(_ checkpoint: SealedCheckpoint) throws {
        makeDirectory()
        // Between the look and the writing no other gateway may put a newer one there.
        let lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw LockFailure(directory: directory, code: errno) }
        // Closing gives the lock up, as the end of a process does, however it ends.
        defer { close(lock) }
        try take(lock)
        if let saved = read(), let new = try? Checkpoint(SignedNote(checkpoint.note).text),
            saved.origin == new.origin, saved.size > new.size
        {
            return
        }
        try DurableFile.write(path: path, bytes: Array(checkpoint.note.utf8), mode: 0o644)
    }

    /// Takes the lock on the directory.
    ///
    /// Not for ever: a process that was stopped while it had the lock must not stop the sealers of the others.
    private func take(_ lock: Int32) throws(LockFailure) {
        let end = ContinuousClock.now + patience
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            // There are file systems that know no such locks; gateways that share one of those do without.
            guard errno == EWOULDBLOCK else { return }
            guard ContinuousClock.now < end else { throw LockFailure(directory: directory, code: EWOULDBLOCK) }
            usleep(5_000)
        }
    }

    /// The directory could not be locked, so nothing was written.
    struct LockFailure: Error, CustomStringConvertible {
        let directory: String
        let code: Int32

        var description: String {
            let reason = code == EWOULDBLOCK ? "another process holds its lock" : String(cString: strerror(code))
            return "cannot lock \(directory): \(reason)"
        }
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
