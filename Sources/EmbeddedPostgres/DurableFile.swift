import Glibc

/// A file operation that failed, with the path and the system's reason.
public struct DurableFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file or directory concerned.
    public let path: String

    /// What was being done, as a verb.
    public let operation: String

    /// The system's error number.
    public let code: Int32

    /// The sentence for the operator, without a line break.
    public var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }

    init(path: String, operation: String, code: Int32 = errno) {
        self.path = path
        self.operation = operation
        self.code = code
    }
}

/// Small files that are there in full or not at all, whatever happens in between.
///
/// A file is written under a temporary name, forced to disk, put in place, and the directory is forced too: after a
/// crash a reader finds the old content or the new, never half of it, and what was reported as written stays.
public enum DurableFile {
    /// What to do when the file exists.
    public enum Existing: Sendable {
        /// The new content takes the place of the old.
        case replace
        /// The old content stays and the write fails with `EEXIST`; for keys, which are made once.
        case keep
    }

    /// Writes `bytes` to `path` with exactly the permission bits `mode`.
    ///
    /// A file that is replaced keeps its owner, so that root may write for the user whom a service runs as.
    public static func write(
        path: String, bytes: [UInt8], mode: UInt32 = 0o600, existing: Existing = .replace
    ) throws(DurableFileError) {
        let directory = FilePath.parent(of: path)
        let (descriptor, temporary) = try create(beside: path)
        do throws(DurableFileError) {
            if existing == .replace { try keepOwner(of: path, descriptor) }
            try fill(descriptor, with: bytes, mode: mode, path: path)
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        close(descriptor)
        switch existing {
        case .replace:
            guard rename(temporary, path) == 0 else {
                let error = DurableFileError(path: path, operation: "put in place")
                unlink(temporary)
                throw error
            }
        case .keep:
            // Unlike rename, link never replaces.
            let linked = link(temporary, path) == 0
            let error = DurableFileError(path: path, operation: "create")
            unlink(temporary)
            guard linked else { throw error }
        }
        try synchronizeDirectory(directory)
    }

    /// Reads a small regular file in full.
    ///
    /// Symbolic links are not followed and more than `limit` bytes is an error, so that a file in somebody else's
    /// directory can neither lead elsewhere nor fill the memory.
    public static func read(path: String, limit: Int = 1 << 20) throws(DurableFileError) -> [UInt8] {
        // O_NONBLOCK: opening a pipe put there by mistake does not wait for its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw DurableFileError(path: path, operation: "open") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DurableFileError(path: path, operation: "examine") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DurableFileError(path: path, operation: "read", code: EINVAL)
        }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw DurableFileError(path: path, operation: "read")
            }
            content += buffer[..<count]
            guard content.count <= limit else { throw DurableFileError(path: path, operation: "read", code: EFBIG) }
        }
    }

    /// Forces the entries of a directory to disk: names made, renamed and removed.
    public static func synchronizeDirectory(_ path: String) throws(DurableFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw DurableFileError(path: path, operation: "open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw DurableFileError(path: path, operation: "fsync") }
    }

    /// Opens a new file whose name begins with `path` and ends at random, for this process alone.
    static func create(beside path: String) throws(DurableFileError) -> (descriptor: Int32, path: String) {
        for _ in 0..<100 {
            let name = "\(path).\(String(UInt64.random(in: 0 ... .max), radix: 36))"
            // Not mkstemp: its descriptor would be inherited by what another thread starts at that moment.
            let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if descriptor >= 0 { return (descriptor, name) }
            guard errno == EEXIST else { break }
        }
        throw DurableFileError(path: path, operation: "create a file beside")
    }

    private static func keepOwner(of path: String, _ descriptor: Int32) throws(DurableFileError) {
        var status = stat()
        guard geteuid() == 0, lstat(path, &status) == 0 else { return }
        guard fchown(descriptor, status.st_uid, status.st_gid) == 0 else {
            throw DurableFileError(path: path, operation: "keep the owner of")
        }
    }

    private static func fill(
        _ descriptor: Int32, with bytes: [UInt8], mode: UInt32, path: String
    ) throws(DurableFileError) {
        guard fchmod(descriptor, mode) == 0 else { throw DurableFileError(path: path, operation: "set the mode of") }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw DurableFileError(path: path, operation: "write")
            }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw DurableFileError(path: path, operation: "fsync") }
    }
}
