import Foundation
import Testing

/// What the README shows is what happens.
@Suite struct ReadmeTests {
    @Test func `the README's session runs as it is written`() throws {
        let blocks = try Self.blocks()
        #expect(!blocks.isEmpty)
        let service = try Service()
        let shell = try Shell(
            "set -euo pipefail\n" + blocks.joined(separator: "\n"),
            environment: [
                "LEDGER_PUBLIC_URL": "http://127.0.0.1:\(service.port)", "LEDGER_HOME": "\(service.home.path)/home",
            ])
        #expect(shell.status == 0, "\(shell.output)\n\(shell.errors)")
        #expect(try service.root.head() > 1)
    }

    /// The blocks of shell between `<!-- session -->` and `<!-- /session -->`.
    private static func blocks() throws -> [String] {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("README.md")
        var blocks: [String] = []
        var isSession = false
        var block: [Substring]?
        for line in try String(contentsOf: readme, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            if line == "<!-- session -->" { isSession = true }
            if line == "<!-- /session -->" { isSession = false }
            if isSession, line == "```sh" {
                block = []
            } else if line == "```", let lines = block {
                blocks.append(lines.joined(separator: "\n"))
                block = nil
            } else {
                block?.append(line)
            }
        }
        return blocks
    }
}
