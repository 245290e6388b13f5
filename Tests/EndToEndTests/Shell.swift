import Foundation

/// A program of the system, run to its end.
struct Shell {
    let status: Int32
    let output: String
    let errors: String

    init(_ script: String, environment: [String: String] = [:], seconds: Double = 240) throws {
        let directory = TemporaryDirectory()
        let file = directory.write("script", script)
        let (out, err) = (directory.write("out", ""), directory.write("err", ""))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [file]
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LEDGER_") }
            .merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: err)
        try process.run()
        guard eventually(within: seconds, { !process.isRunning }) else {
            process.terminate()
            throw TestFailure("a script did not end")
        }
        status = process.terminationStatus
        output = (try? String(contentsOfFile: out, encoding: .utf8)) ?? ""
        errors = (try? String(contentsOfFile: err, encoding: .utf8)) ?? ""
    }
}
