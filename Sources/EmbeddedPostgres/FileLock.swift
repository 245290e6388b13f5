import Glibc

/// A lock that this process holds on a file until the value goes away or the process ends, however it ends.
///
/// The kernel's lock, not the file's existence, is what counts: a file left by a killed process holds nobody up.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock at `path`, or says who has it; `subject` is what it protects, for the message.
    init(path: String, protecting subject: String) throws(EmbeddedPostgresError) {
        // Not inherited: a server that outlives us must not keep our lock.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FilePath.failure("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error =
                errno == EWOULDBLOCK ? FileLock.refusal(path: path, subject) : FilePath.failure("lock", path)
            close(descriptor)
            throw error
        }
        let owner = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, owner, owner.count, 0) == owner.count else {
            let error = FilePath.failure("write", path)
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    private static func refusal(path: String, _ subject: String) -> EmbeddedPostgresError {
        // The holder writes its number just after it has the lock; in between the file may be empty.
        let content = (try? DurableFile.read(path: path, limit: 64)) ?? []
        let holder = Int32(String(decoding: content, as: UTF8.self).split(separator: "\n").first ?? "")
        let name = holder.map { "process \($0)" } ?? "another process"
        return EmbeddedPostgresError(
            .alreadyRunning(processID: holder), "\(name) is already running on \(subject); stop it first")
    }
}
