import Glibc
import TestSupport

@testable import EmbeddedPostgres

/// A home for a test that goes away with its cluster, wherever that lies.
final class TemporaryHome: Sendable {
    let path: String

    /// An open home lets the server's user pass through when we are root.
    init(isOpen: Bool = true) throws {
        var template = Array("\(Scratch.directory)/embedded-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DurableFileError(path: Scratch.directory, operation: "make a directory in")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if isOpen { chmod(path, 0o711) }
    }

    deinit {
        let pointer = (try? DurableFile.read(path: "\(path)/cluster")) ?? []
        let target = String(decoding: pointer, as: UTF8.self).split(separator: "\n").first.map { String($0) } ?? ""
        let outside = target.hasPrefix(ClusterPlace.shared) ? [target] : []
        _ = try? Command(["/bin/rm", "-rf", "--", path] + outside).run()
    }

    func configuration(_ settings: [String: String] = [:]) -> EmbeddedPostgresConfiguration {
        EmbeddedPostgresConfiguration(home: path, settings: settings)
    }

    func start() throws -> EmbeddedPostgres { try EmbeddedPostgres.start(configuration()) }

    func readFile(_ name: String) throws -> String {
        String(decoding: try DurableFile.read(path: "\(path)/\(name)"), as: UTF8.self)
    }
}

extension EmbeddedPostgres {
    /// What `psql` answers to a statement; it connects as anybody would.
    func ask(_ statement: String) throws -> String {
        let binaries = try ServerBinaries.find(given: nil, version: nil)
        let result = try Command([
            "\(binaries.directory)/psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement,
            connectionURL(user: "postgres", database: "postgres"),
        ]).run()
        guard result.status == 0 else { throw EmbeddedPostgresError(.failedToStart, result.output) }
        return result.output.last == "\n" ? String(result.output.dropLast()) : result.output
    }
}
