import Foundation
import PostgresClient
import StrictJSON
import TestSupport
import Testing
import Transparency

/// Witnesses over the wire: one in Python that knows nothing but the specifications, and what the log makes of it.
@Suite struct WitnessTests {
    /// A deployment whose log has a known key, with a witness.
    private struct Watched {
        let deployment: Deployment
        let witness: WitnessProcess
        let settings: [String: String]
        let key: SigningKey

        init(isMute: Bool = false) throws {
            let seed = [UInt8](repeating: 4, count: 32)
            key = try #require(SigningKey(name: TestDatabase.origin, seed: seed))
            (deployment, witness) = (try Deployment(), try WitnessProcess(isMute ? ["mute"] : []))
            settings = [
                "LEDGER_SIGNING_KEY": Base64.encode(seed),
                "LEDGER_CHECKPOINT_DIR": "\(deployment.directory.path)/kept",
                "LEDGER_WITNESSES": "http://127.0.0.1:\(witness.port)/w/ \(witness.key)",
            ]
        }

        /// The newest checkpoint, once it has a size, and a cosignature that fits if one is asked for.
        func checkpoint(_ client: Client, _ size: Int64, isCosigned: Bool = true) throws -> String {
            let witnessKey = try WitnessKey(witness.key)
            var text = ""
            let isThere = try eventually {
                text = try client.with(nil).call("GET", "/log/checkpoint").text
                guard let note = try? SignedNote(text) else { return false }
                let found = try witnessKey.cosignatures(among: note.signatures, of: note.text)
                return try Checkpoint(verifying: note, with: [key.verifier]).size == size
                    && !(isCosigned && found.isEmpty)
            }
            guard isThere else { throw TestFailure("no such checkpoint: \(text) \(witness.requests)") }
            return text
        }
    }

    private func alarms(_ client: Client) throws -> String {
        let alarms = try client.call("GET", "/health/ready")["alarms"].arrayValue ?? []
        return alarms.compactMap(\.stringValue).joined(separator: "\n")
    }

    @Test func `a witness cosigns the log once it knows it, and its line is served below what was signed`() throws {
        let log = try Watched()
        let gateway = try log.deployment.serve(log.settings)
        let root = gateway.root
        for _ in 0..<3 { _ = try root.account() }
        let plain = try log.checkpoint(root, 3, isCosigned: false)
        #expect(eventually { gateway.process.errors.contains("it does not know this log") })
        try log.witness.learn(log.key.verifier)
        #expect(try log.checkpoint(root, 3).hasPrefix(plain + "\u{2014} witness.example/w1 "))
        // Past the border of a tile, by proofs that the witness checks.
        for size: Int64 in [4, 5, 9, 260] {
            while try root.head() < size { _ = try root.account() }
            _ = try log.checkpoint(root, size)
        }
        let cosigned = log.witness.requests.filter { $0.status == 200 }
        #expect(cosigned.count >= 5 && cosigned.first?.old == 0)
        #expect(zip(cosigned, cosigned.dropFirst()).allSatisfy { $1.old == $0.size })
        #expect(Set(cosigned.map(\.client)).count == 1, "one connection is kept")
        let proof = try root.call("GET", "/v1/events/1/proof?size=260", headers: [("Accept", "text/plain")])
        #expect(proof.text.contains("\u{2014} witness.example/w1 "), "\(proof.text)")
        // Another gateway does not know what the witness saw, and finds out.
        let other = try log.deployment.serve(log.settings)
        _ = try other.root.account()
        _ = try log.checkpoint(other.root, 261)
        #expect(try alarms(root).isEmpty && alarms(other.root).isEmpty)
        let verified = try log.deployment.start(["verify"], log.settings)
        #expect(verified.waitForEnd() == 0, "\(verified.output)")
        #expect(gateway.process.stop() == 0 && other.process.stop() == 0)
    }

    @Test func `a log that was set back and written anew is told by a witness alone`() throws {
        let log = try Watched()
        try log.witness.learn(log.key.verifier)
        var gateway = try log.deployment.serve(log.settings)
        for _ in 0..<5 { _ = try gateway.root.account() }
        _ = try log.checkpoint(gateway.root, 5)
        #expect(gateway.process.stop() == 0)
        // As a restored backup of the time when the log had three events, and nobody has kept a checkpoint.
        let connection = try PostgresConnection(log.deployment.database.configuration())
        defer { connection.close() }
        try connection.execute(
            script: """
                ALTER TABLE ledger.events DISABLE TRIGGER ALL;
                DELETE FROM ledger.events WHERE position > 3;
                DELETE FROM ledger.checkpoints;
                DELETE FROM ledger.subject_keys k WHERE NOT EXISTS
                  (SELECT 1 FROM ledger.events e WHERE e.stream_id = k.stream_id);
                DELETE FROM ledger.reservations r WHERE NOT EXISTS
                  (SELECT 1 FROM ledger.events e WHERE e.stream_id = r.stream_id);
                ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER no_delete, ENABLE ALWAYS TRIGGER purge_only;
                """)
        try FileManager.default.removeItem(atPath: "\(log.deployment.directory.path)/kept")
        gateway = try log.deployment.serve(log.settings)
        let root = gateway.root
        for (size, alarm) in [
            (3, "it saw a log of 5 events"), (5, "it saw another tree of 5 events"),
            (7, "the 5 events that it saw are not the first of the 7 here"),
        ] as [(Int64, String)] {
            while try root.head() < size { _ = try root.account() }
            #expect(try eventually { try alarms(root).contains(alarm) }, "\(alarm)")
        }
        #expect(gateway.process.errors.contains("a witness saw another log than this"))
        #expect(log.witness.requests.last?.status == 422 && log.witness.requests.last?.old == 5)
        // It is served all the same, and without what nobody cosigned.
        #expect(!(try log.checkpoint(root, 7, isCosigned: false).contains("witness")))
        #expect(gateway.process.stop() == 0)
    }

    @Test func `a witness that never answers holds up neither sealing nor the end`() throws {
        let log = try Watched(isMute: true)
        let gateway = try log.deployment.serve(log.settings)
        for size: Int64 in 1...5 {
            _ = try gateway.root.account()
            _ = try log.checkpoint(gateway.root, size, isCosigned: false)
        }
        #expect(eventually { gateway.process.errors.contains("offered again later") })
        #expect(try alarms(gateway.root).isEmpty)
        #expect(gateway.process.stop() == 0)
    }
}

/// `Tests/Python/witness.py`, ended with its test.
private final class WitnessProcess: Sendable {
    struct Request: Decodable {
        let old: Int64
        let size: Int64
        let status: Int
        let client: Int
    }

    let port: Int
    let key: String
    private let directory = TemporaryDirectory()
    private let process = Process()
    private let input = Pipe()

    init(_ options: [String]) throws {
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Python/witness.py").path
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", program, "\(directory.path)/log.key", "\(directory.path)/requests"] + options
        process.standardInput = input
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let told = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let words = told.split(separator: " ")
        guard words.count == 2, let port = Int(words[0]) else { throw TestFailure("the witness says: \(told)") }
        self.port = port
        key = words[1].trimmingCharacters(in: .newlines)
    }

    deinit { kill(process.processIdentifier, SIGKILL) }

    /// Has it know a log by its key.
    func learn(_ key: VerifierKey) throws {
        try "\(key)\n".write(toFile: "\(directory.path)/log.key", atomically: true, encoding: .utf8)
    }

    /// What it was asked so far, in order.
    var requests: [Request] {
        let text = (try? String(contentsOfFile: "\(directory.path)/requests", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }
}
