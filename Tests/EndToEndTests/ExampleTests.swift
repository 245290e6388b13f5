import Foundation
import Testing

/// The programs under `examples/` do what they say, against a running service.
@Suite struct ExampleTests {
    private let service: Service
    private let files = TemporaryDirectory()

    init() throws { service = try Service.shared() }

    private var url: String { "http://127.0.0.1:\(service.port)" }
    private var key: String { "\(service.home.path)/home/keys/root.key" }

    private static func program(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("examples/\(name)").path
    }

    private func positions(_ output: String) -> [Int64] {
        output.split(separator: "\n").compactMap { line in line.split(separator: "\t").first.flatMap { Int64($0) } }
    }

    @Test func `the shell loop reads everything once, and goes on where it stopped`() throws {
        _ = try service.root.account()
        let state = "\(files.path)/state"
        // It begins near the end: handling an event starts two programs.
        let start = max(0, try service.root.head() - 5)
        _ = files.write("state", "\(start)\n")
        let script = "exec '\(Self.program("consume.sh"))' '\(url)' '\(key)' '\(state)' once"
        let first = try Shell(script)
        let head = try service.root.head()
        #expect(first.status == 0 && !positions(first.output).isEmpty, "\(first.errors)")
        _ = try service.root.account()
        let second = try Shell(script)
        let all = positions(first.output) + positions(second.output)
        #expect(all == Array((start + 1)...(start + Int64(all.count))) && (all.last ?? 0) > head, "\(second.errors)")
    }

    @Test func `the Python client follows events, and goes on where it stopped`() throws {
        _ = try service.root.account()
        let state = "\(files.path)/state"
        let start = max(0, try service.root.head() - 3)
        _ = files.write("state", "\(start)\n")
        let program = "python3 '\(Self.program("follow_events.py"))' '\(url)' --key-file '\(key)' --state '\(state)'"
        let first = try Shell("exec \(program) --count 2")
        #expect(first.status == 0 && positions(first.output) == [start + 1, start + 2], "\(first.errors)")
        _ = try service.root.account()
        let second = try Shell("exec \(program) --count 2")
        #expect(second.status == 0 && positions(second.output) == [start + 3, start + 4], "\(second.errors)")
        let wrong = files.write("wrong", "a.b:c")
        let refused = try Shell(
            "exec python3 '\(Self.program("follow_events.py"))' '\(url)' --key-file '\(wrong)' --state '\(state)'")
        #expect(refused.status == 1 && refused.errors.contains("401"), "\(refused.errors)")
    }
}
