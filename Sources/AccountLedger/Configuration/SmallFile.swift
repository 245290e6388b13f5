import Glibc

/// A file that could not be read, with the system's reason.
struct FileFailure: Error, Equatable, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "cannot read \(path): \(reason)" }
}

/// Small files that an operator names: configuration and secrets, which mounts often make links.
enum SmallFile {
    /// The whole file, of a megabyte at most.
    static func read(_ path: String) throws(FileFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            content += buffer[..<count]
            guard content.count <= 1 << 20 else { throw FileFailure(path: path, reason: "it is too long") }
        }
    }

    /// The one line of a file that holds a secret, without blanks around it.
    static func line(_ path: String) throws(FileFailure) -> String {
        let text = String(decoding: try read(path), as: UTF8.self)[...].trimmingBlanks()
        guard !text.isEmpty else { throw FileFailure(path: path, reason: "it is empty") }
        guard !text.contains(where: \.isNewline) else { throw FileFailure(path: path, reason: "it has several lines") }
        return String(text)
    }

    private static func failure(_ path: String) -> FileFailure {
        FileFailure(path: path, reason: String(cString: strerror(errno)))
    }
}
