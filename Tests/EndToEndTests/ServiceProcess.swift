import Foundation
import Synchronization
import TestSupport

/// A process of the built program: started, watched, stopped and killed by its pid.
///
/// A shell holds it: when this process ends, in whichever way, the shell's input ends and the program with it.
final class ServiceProcess: Sendable {
    let pid: Int32
    private let directory: String
    private let shell: Process
    /// Held so that the shell's input stays open.
    private let input = Pipe()
    private let ended = Mutex<Int32?>(nil)

    /// Starts the program; its output goes to `out` and `err` in a directory.
    init(_ arguments: [String], environment: [String: String], directory: String) throws {
        self.directory = directory
        for name in ["pid", "status", "out", "err"] { unlink("\(directory)/\(name)") }
        shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.script, directory, directory, try Self.executable()] + arguments
        var all = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LEDGER_") }
        all.merge(environment) { $1 }
        shell.environment = all
        shell.currentDirectoryURL = URL(fileURLWithPath: directory)
        shell.standardInput = input
        // It would tell of every process that was killed.
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        var pid: Int32?
        _ = eventually { () -> Bool in
            pid = Self.read("\(directory)/pid").flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            return pid != nil
        }
        guard let pid else { throw TestFailure("the program did not start") }
        self.pid = pid
    }

    /// `LEDGER_TEST_EXECUTABLE`, or the program beside the tests.
    static func executable() throws -> String {
        if let given = ProcessInfo.processInfo.environment["LEDGER_TEST_EXECUTABLE"], !given.isEmpty { return given }
        for start in [Bundle.main.bundlePath] + CommandLine.arguments {
            var directory = URL(fileURLWithPath: start)
            for _ in 0..<4 {
                let path = directory.appendingPathComponent("account-ledger").path
                var isDirectory: ObjCBool = false
                if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue {
                    return path
                }
                directory.deleteLastPathComponent()
            }
        }
        throw TestFailure("the program is not built: swift build --product account-ledger")
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    var output: String { Self.read("\(directory)/out") ?? "" }
    var errors: String { Self.read("\(directory)/err") ?? "" }

    /// The exit status, once it ended: 128 and the signal when it was killed.
    ///
    /// Remembered, since the next process in the same directory takes the file away.
    var status: Int32? {
        ended.withLock { ended in
            ended =
                ended
                ?? Self.read("\(directory)/status").flatMap {
                    Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
                }
            return ended
        }
    }

    func signal(_ number: Int32) {
        guard status == nil else { return }
        kill(pid, number)
    }

    /// Waits for the end; nil when it did not come.
    @discardableResult
    func waitForEnd(within seconds: Double = 120) -> Int32? {
        _ = eventually(within: seconds) { status != nil }
        return status
    }

    /// SIGTERM, and waits for the end.
    ///
    /// It is sent once the program listens for it: one that has only just begun is ended by the signal itself.
    @discardableResult
    func stop() -> Int32? {
        _ = eventually { status != nil || catches(SIGTERM) }
        signal(SIGTERM)
        return waitForEnd()
    }

    /// Whether it has a handler for a signal.
    private func catches(_ number: Int32) -> Bool {
        let lines = (Self.read("/proc/\(pid)/status") ?? "").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("SigCgt:") }) else { return false }
        let mask = UInt64(line.dropFirst("SigCgt:".count).trimmingCharacters(in: .whitespaces), radix: 16) ?? 0
        return mask >> UInt64(number - 1) & 1 == 1
    }

    /// SIGKILL, and waits until it is gone.
    func kill9() {
        signal(SIGKILL)
        waitForEnd()
    }

    private static let script = """
        directory=$1
        shift
        "$@" >"$directory/out" 2>"$directory/err" </dev/null &
        program=$!
        echo $program >"$directory/pid.new"
        mv "$directory/pid.new" "$directory/pid"
        exec 3<&0
        (
            while read -r _ <&3; do :; done
            if [ ! -e "$directory/status" ]; then
                # Not `:`, with which a shell ends when the directory is gone already, as after a test that failed.
                true >"$directory/orphan"
                kill -CONT $program
                kill -TERM $program
            fi
        ) >/dev/null 2>&1 &
        watcher=$!
        exec 3<&-
        wait $program
        status=$?
        echo $status >"$directory/status.new"
        mv "$directory/status.new" "$directory/status"
        kill -KILL $watcher
        if [ -e "$directory/orphan" ]; then rm -rf "$directory"; fi
        """
}

/// A directory of a test, gone with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init(in parent: String = Scratch.directory) {
        path = "\(parent)/ledger-e2e-\(getpid())-\(UUID().uuidString.prefix(8))"
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file that only its owner may read.
    func write(_ name: String, _ bytes: [UInt8]) -> String {
        let file = "\(path)/\(name)"
        _ = FileManager.default.createFile(
            atPath: file, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        return file
    }

    func write(_ name: String, _ text: String) -> String { write(name, Array(text.utf8)) }
}
