import Foundation
import Testing

/// The examples for the Misakey door run as they are.
@Suite struct MisakeyExampleTests {
    private func run(_ name: String) throws -> Shell {
        let service = try Service.shared()
        let example = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("examples/\(name)").path
        let key = service.root.authorization?.dropFirst("Bearer ".count) ?? ""
        return try Shell(
            "exec '\(example)' http://127.0.0.1:\(service.port) '\(key)'")
    }

    @Test func `a client in another language creates, logs in, backs up, changes its password and restores`() throws {
        let shell = try run("misakey-client")
        #expect(shell.status == 0, "\(shell.output)\n\(shell.errors)")
        #expect(shell.output.contains("events tell the story"))
    }

    @Test func `the session of the public documentation runs`() throws {
        let shell = try run("misakey-session.sh")
        #expect(shell.status == 0, "\(shell.output)\n\(shell.errors)")
        #expect(shell.output.contains("went through the whole session"))
    }
}
