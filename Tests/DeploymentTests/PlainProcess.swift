import Foundation
import Glibc

/// A command run as a plain process, watched by a shell.
///
/// The shell ends the command when its own input ends, so nothing stays behind when these tests are killed.
final class PlainProcess: Sendable {
    private let shell = Process()
    /// Held so that the shell's input stays open.
    private let input = Pipe()
    private let log: String

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - environment: its whole environment, but for `PATH`.
    ///   - stopSignal: what ``stop()`` sends.
    ///   - log: the file that its output is appended to.
    /// - Throws: when there is no shell.
    init(
        _ command: [String], environment: [String: String] = [:], stopSignal: String = "TERM", log: String
    ) throws {
        self.log = log
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", Self.script, "bash", stopSignal, log] + command
        shell.environment = environment.merging(["PATH": Self.path]) { $1 }
        shell.currentDirectoryURL = URL(fileURLWithPath: log).deletingLastPathComponent()
        shell.standardInput = input
        try Self.withoutBlockedSignals { try shell.run() }
    }

    /// Threads of the pool block signals, and a child inherits that from the thread that starts it.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    deinit { if shell.isRunning { shell.terminate() } }

    /// Where programs are looked for: PostgreSQL's first.
    static let path: String = {
        let base = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
        let newest = versions.compactMap { Int($0) }.max().map { ["\(base)/\($0)/bin"] } ?? []
        return (newest + ["/usr/local/bin", "/usr/bin", "/bin"]).joined(separator: ":")
    }()

    /// What it has written so far.
    var output: String {
        FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    var isRunning: Bool { shell.isRunning }

    /// Waits for its end and answers its exit status.
    func status(within seconds: Double = 120) async throws -> Int32 {
        guard try await eventually(within: seconds, { !self.shell.isRunning }) else {
            throw DeploymentFailure("it did not end: \(output)")
        }
        return shell.terminationStatus
    }

    /// Sends the stop signal and answers the exit status.
    func stop() async throws -> Int32 {
        if shell.isRunning { shell.terminate() }
        return try await status()
    }

    /// Runs a command to its end and answers what it wrote.
    ///
    /// - Throws: ``DeploymentFailure`` with its output when its status is not 0.
    @discardableResult
    static func output(_ command: [String], environment: [String: String] = [:]) async throws -> String {
        let place = try TemporaryDirectory()
        let process = try PlainProcess(command, environment: environment, log: "\(place.path)/log")
        let status = try await process.status()
        guard status == 0 else {
            throw DeploymentFailure("\(command.joined(separator: " ")) ended with \(status): \(process.output)")
        }
        return process.output
    }

    private static let script = """
        signal=$1 log=$2
        shift 2
        exec 3<&0
        "$@" </dev/null >>"$log" 2>&1 3<&- &
        program=$!
        trap 'stopping=1; kill -s "$signal" $program' TERM
        { read -r <&3 || kill -s "$signal" $program; } >/dev/null 2>&1 &
        watcher=$!
        exec 3<&-
        wait $program
        status=$?
        if [ -n "${stopping:-}" ]; then
            wait $program
            status=$?
        fi
        kill $watcher
        exit $status
        """
}

/// Waits until a condition holds; false when it never did.
func eventually(within seconds: Double = 60, _ condition: () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
        if try await condition() { return true }
        if ContinuousClock.now > end { return false }
        try await Task.sleep(for: .milliseconds(20))
    }
}
