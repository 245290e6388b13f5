import Glibc

/// The file that the server writes its messages to.
///
/// We open it and hand it over open: the server's user need not reach the file and cannot redirect it.
struct ServerLog {
    /// A longer file is put aside at the next start, in place of the one put aside before.
    private static let rotationSize = 8 << 20

    let path: String

    /// Opens the file for appending; the caller closes the descriptor.
    func open() throws(EmbeddedPostgresError) -> Int32 {
        if let status = FilePath.status(of: path), status.st_size > ServerLog.rotationSize {
            rename(path, "\(path).1")
        }
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FilePath.failure("open", path) }
        return descriptor
    }

    /// How long the file is now; what a start adds stands behind it.
    var size: Int { FilePath.status(of: path).map { Int($0.st_size) } ?? 0 }

    /// The line that says best why the server gave up, of what was written from `offset` on.
    func reason(from offset: Int) -> String {
        let content = (try? DurableFile.read(path: path, limit: ServerLog.rotationSize * 2)) ?? []
        return ServerLog.reason(in: String(decoding: content.dropFirst(offset), as: UTF8.self))
    }

    /// The first fatal line, else the last error, else the last line.
    static func reason(in text: String) -> String {
        let lines = text.split(separator: "\n").map { line in
            line.last?.isWhitespace == true ? String(line.dropLast()) : String(line)
        }
        let fatal = lines.first { $0.contains("FATAL:") || $0.contains("PANIC:") }
        return fatal ?? lines.last { $0.contains("error:") } ?? lines.last ?? "it said nothing"
    }
}
