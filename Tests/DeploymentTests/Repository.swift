import Foundation

/// The checkout that these tests stand in, and the program built from it.
enum Repository {
    /// Its directory.
    static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The text of one of its files.
    static func text(_ file: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
    }

    /// Whether it holds a file or a directory of this name.
    static func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    /// `LEDGER_TEST_EXECUTABLE`, or the program beside the tests.
    static func executable() throws -> String {
        if let given = ProcessInfo.processInfo.environment["LEDGER_TEST_EXECUTABLE"], !given.isEmpty { return given }
        for start in [Bundle.main.bundlePath] + CommandLine.arguments {
            var directory = URL(fileURLWithPath: start)
            for _ in 0..<4 {
                let file = directory.appendingPathComponent("account-ledger").path
                var isDirectory: ObjCBool = false
                if FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory), !isDirectory.boolValue {
                    return file
                }
                directory.deleteLastPathComponent()
            }
        }
        throw DeploymentFailure("the program is not built: swift build --product account-ledger")
    }
}

/// What a test cannot go on without.
struct DeploymentFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A directory under /tmp that other users can enter, gone with its last reference.
final class TemporaryDirectory: Sendable {
    let path = "/tmp/ledger-deployment-\(UUID().uuidString.prefix(8).lowercased())"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
