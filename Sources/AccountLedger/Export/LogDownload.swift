import Glibc
import LogExport

/// An export on its way from the service into a file, or to standard output.
struct LogDownload {
    let service: ServiceClient
    let path: String

    /// Fetches what the file lacks.
    ///
    /// A file that holds events already is cut off behind the last one and gone on with; one that is no export is left
    /// alone.
    func run(after: Int64) throws {
        if path == "-" {
            return try service.pieces(target(after), accept: "application/x-ndjson", timeoutSeconds: 120) {
                Output.write($0)
            }
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot write") }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(.temporary, "another export writes \(path)")
        }
        let held: (position: Int64, offset: Int64)
        do throws(ExportFault) { held = try ExportFile.lastEvent(in: path) } catch {
            throw CommandFailure(.failure, "\(path): \(error); it is left as it is")
        }
        guard ftruncate(descriptor, Int(held.offset)) == 0, lseek(descriptor, Int(held.offset), SEEK_SET) >= 0 else {
            throw failure("cannot cut off")
        }
        if held.position > 0 {
            Output.writeToStandardError("\(path) holds \(held.position) events; going on behind them\n")
        }
        try service.pieces(target(held.position), accept: "application/x-ndjson", timeoutSeconds: 120) {
            piece throws(CommandFailure) in try write(piece, descriptor)
        }
        guard fsync(descriptor) == 0 else { throw failure("cannot write") }
    }

    private func target(_ after: Int64) -> String { RequestPath.make(["v1", "export"], [("after", "\(after)")]) }

    private func write(_ bytes: [UInt8], _ descriptor: Int32) throws(CommandFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot write")
            }
            written += count
        }
    }

    private func failure(_ what: String) -> CommandFailure {
        CommandFailure(.failure, "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
