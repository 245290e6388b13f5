import EmbeddedPostgres
import Glibc

/// A directory under `/tmp` that goes away with what it holds, and with the cluster that a home of `up` in it made.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/ledger-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw NoDirectory(code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // As root the server's user must be able to pass through.
        chmod(path, 0o711)
    }

    deinit {
        var process = pid_t()
        let arguments = ["/bin/rm", "-rf", "--", path].map { (text: String) in strdup(text) } + [nil]
        defer { for argument in arguments { free(argument) } }
        guard posix_spawn(&process, "/bin/rm", nil, nil, arguments, nil) == 0 else { return }
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// Writes a file in the directory.
    func write(_ name: String, _ text: String) throws -> String {
        let path = "\(path)/\(name)"
        try DurableFile.write(path: path, bytes: Array(text.utf8), mode: 0o600)
        return path
    }
}

struct NoDirectory: Error { let code: Int32 }
