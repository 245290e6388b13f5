import Glibc

/// Questions about paths, and directories made with care.
enum FilePath {
    /// The directory that holds `path`.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last component of `path`.
    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// The absolute path without links, or nil when it does not exist.
    static func canonical(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// What lies at `path`, a link itself and not its target, or nil when nothing does.
    static func status(of path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    /// Whether a directory, not a link to one, lies at `path`.
    static func isDirectory(_ path: String) -> Bool {
        status(of: path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
    }

    /// Makes a directory unless it is there; the last component alone gets `mode`, whatever the umask.
    static func makeDirectory(_ path: String, mode: UInt32, parents: Bool = false) throws(EmbeddedPostgresError) {
        if mkdir(path, mode) == 0 {
            guard chmod(path, mode) == 0 else { throw failure("set the mode of", path) }
            do throws(DurableFileError) {
                try DurableFile.synchronizeDirectory(parent(of: path))
            } catch {
                throw EmbeddedPostgresError(error)
            }
            return
        }
        switch errno {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw EmbeddedPostgresError(.unusablePlace, "\(path) is not a directory")
            }
        case ENOENT where parents && parent(of: path) != path:
            try makeDirectory(parent(of: path), mode: 0o755, parents: true)
            try makeDirectory(path, mode: mode)
        default:
            throw failure("make the directory", path)
        }
    }

    /// The error of the last system call on `path`.
    static func failure(_ operation: String, _ path: String) -> EmbeddedPostgresError {
        EmbeddedPostgresError(DurableFileError(path: path, operation: operation))
    }
}
