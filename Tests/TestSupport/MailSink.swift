import Foundation
import Synchronization

/// A mail server on loopback that keeps what it is sent: aiosmtpd, in an environment of Python that this makes itself.
public final class MailSink: Sendable {
    /// A mail as the server took it.
    public struct Received: Sendable {
        /// The sender of the envelope.
        public let sender: String
        /// The recipients of the envelope.
        public let recipients: [String]
        /// What followed `MAIL FROM`.
        public let options: [String]
        /// Header and text.
        public let text: String
        /// Whether it came over TLS.
        public let isEncrypted: Bool
        /// Who logged in.
        public let user: String?

        /// The value of a header of one line.
        public func header(_ name: String) -> String? {
            for line in text.components(separatedBy: "\r\n") {
                if line.isEmpty { return nil }
                if line.hasPrefix(name + ": ") { return String(line.dropFirst(name.count + 2)) }
            }
            return nil
        }
    }

    /// The port it listens on.
    public let port: Int
    private let process: Process
    private let input = Pipe()
    private let directory: String

    /// Starts one; the options are those of `Tests/Python/smtp_sink.py`.
    public init(_ options: [String] = [], port: Int = 0) throws {
        let python = try Self.python.get()
        directory = NSTemporaryDirectory() + "/ledger-mail-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments =
            ["\(Self.repository)/Tests/Python/smtp_sink.py", "--out", "\(directory)/mails", "--port", "\(port)"]
            + options
        process.standardInput = input
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            kill(process.processIdentifier, SIGKILL)
            throw MailSinkFailure(description: "the mail server did not start")
        }
        self.port = port
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// What it was sent so far, refused texts included, in order.
    public var mails: [Received] {
        let lines = ((try? String(contentsOfFile: "\(directory)/mails", encoding: .utf8)) ?? "").split(separator: "\n")
        return lines.compactMap { line in
            guard let json = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                return nil
            }
            return Received(
                sender: json["from"] as? String ?? "", recipients: json["to"] as? [String] ?? [],
                options: json["options"] as? [String] ?? [], text: json["text"] as? String ?? "",
                isEncrypted: json["tls"] as? Bool ?? false, user: json["user"] as? String)
        }
    }

    /// Ends it.
    public func stop() {
        // Its input's end would do too, were no other child holding the other side; SIGTERM may be blocked where it came
        // from.
        kill(process.processIdentifier, SIGKILL)
        let status = "/proc/\(process.processIdentifier)/stat"
        let end = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < end, let text = try? String(contentsOfFile: status, encoding: .utf8),
            text.split(separator: " ").dropFirst(2).first != "Z"
        {
            usleep(5_000)
        }
    }

    // MARK: What it needs

    /// A certificate authority of the test's own: its certificate, and a file with certificate and key for localhost.
    public static func certificates() throws -> (authority: String, server: String) {
        let directory = NSTemporaryDirectory() + "/ledger-ca-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try run(
            "/bin/bash",
            [
                "-c",
                """
                set -e; cd '\(directory)'
                openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Test CA' \
                    -addext basicConstraints=critical,CA:TRUE
                openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj '/CN=localhost'
                printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' >server.ext
                openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
                    -extfile server.ext -out server.pem
                cat server.key server.pem >server.both
                """,
            ])
        return ("\(directory)/ca.pem", "\(directory)/server.both")
    }

    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// Python with what `Tests/Python/requirements.txt` asks for, in `.venv-test`; made once.
    private static let python: Result<String, any Error> = Result {
        let wanted = "\(repository)/Tests/Python/requirements.txt"
        let directory = "\(repository)/.venv-test"
        let stamp = "\(directory)/requirements.txt"
        let files = FileManager.default
        if !files.contentsEqual(atPath: wanted, andPath: stamp) {
            try run("/usr/bin/env", ["python3", "-m", "venv", "--clear", directory])
            try run(
                "\(directory)/bin/python",
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted])
            try files.copyItem(atPath: wanted, toPath: stamp)
        }
        return "\(directory)/bin/python"
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw MailSinkFailure(description: "\(program) failed: \(String(decoding: text, as: UTF8.self))")
        }
    }
}

/// What stood in the way of a mail server for tests.
public struct MailSinkFailure: Error, CustomStringConvertible {
    /// In words.
    public let description: String
}
