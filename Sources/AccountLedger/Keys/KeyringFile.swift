import EmbeddedPostgres
import EventCoding
import Glibc

/// The file that holds the epoch keys, as the commands that rotate them change it: in full or not at all.
struct KeyringFile {
    /// The file itself; where a link was named, what it leads to.
    let path: String

    init(_ path: String) {
        guard let resolved = realpath(path, nil) else {
            self.path = path
            return
        }
        defer { free(resolved) }
        self.path = String(cString: resolved)
    }

    /// Reads it.
    func read() throws(ConfigurationFailure) -> Keyring { try LedgerSecrets.keyring(path, key: "LEDGER_KEYRING_FILE") }

    /// Puts another keyring in its place, mode 600, with the owner it had.
    func replace(with keyring: Keyring) throws(CommandFailure) {
        do throws(DurableFileError) {
            try DurableFile.write(path: path, bytes: keyring.fileBytes, mode: 0o600)
        } catch { throw CommandFailure(.failure, error.description) }
    }

    /// Puts another keyring in its place and overwrites what the old file had.
    ///
    /// A file that has other names, a copy by hard link perhaps, is not touched. What a file system or a disk keeps
    /// of overwritten blocks is out of reach.
    func destroyAndReplace(with keyring: Keyring) throws(CommandFailure) {
        let old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        defer { if old >= 0 { close(old) } }
        try replace(with: keyring)
        var status = stat()
        guard old >= 0, fstat(old, &status) == 0, status.st_nlink == 0 else { return }
        let zeros = [UInt8](repeating: 0, count: Int(status.st_size))
        _ = zeros.withUnsafeBytes { pwrite(old, $0.baseAddress, $0.count, 0) }
        fsync(old)
    }
}
