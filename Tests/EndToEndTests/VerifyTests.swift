import Foundation
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// `verify`, `checkpoint` and the rollback guard, on a running service and its real sealer.
@Suite struct VerifyTests {
    /// A deployment whose gateway seals, with a directory for its checkpoint.
    private final class Sealed: Sendable {
        let deployment: Deployment
        let settings: [String: String]
        let checkpoint: String

        init() throws {
            deployment = try Deployment()
            let seed = Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
            let key = deployment.directory.write("signing.key", seed + "\n")
            let kept = "\(deployment.directory.path)/kept"
            checkpoint = "\(kept)/checkpoint"
            settings = ["LEDGER_SIGNING_KEY_FILE": key, "LEDGER_CHECKPOINT_DIR": kept]
        }

        /// Runs a command to its end.
        func run(
            _ arguments: [String], _ more: [String: String] = [:]
        ) throws -> (status: Int32?, output: String, errors: String) {
            let process = try deployment.start(arguments, settings.merging(more) { $1 })
            let status = process.waitForEnd()
            return (status, process.output, process.errors)
        }

        /// The size of the checkpoint that is kept outside the database.
        var keptSize: Int {
            let text = (try? String(contentsOfFile: checkpoint, encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n")
            return lines.count > 1 ? Int(lines[1]) ?? 0 : 0
        }

        func execute(_ sql: String) throws {
            let connection = try PostgresConnection(deployment.database.configuration())
            defer { connection.close() }
            try connection.execute(script: sql)
        }
    }

    private func createAccounts(_ count: Int, _ root: Client) throws {
        for _ in 0..<count {
            let answer = try root.call("POST", "/v1/accounts", ["name": .string(Unique.name("v"))])
            #expect(answer.status == 201)
        }
    }

    @Test func `a sealed log verifies, and its checkpoint can be kept and compared`() throws {
        let sealed = try Sealed()
        let gateway = try sealed.deployment.serve(sealed.settings)
        try createAccounts(5, gateway.root)
        #expect(eventually { sealed.keptSize == 5 })
        let verified = try sealed.run(["verify"])
        #expect(verified.status == 0, "\(verified)")
        #expect(verified.output.contains("sound"))
        let json = try sealed.run(["verify", "--json"])
        let report = try #require(JSONReader.read(Array(json.output.utf8)).objectValue)
        #expect(report["sound"] == .bool(true))
        #expect(report["events"] == .integer(5))
        #expect(report["boxes"] != .integer(0))
        #expect(report["left_out"] == .array([]))
        let file = "\(sealed.deployment.directory.path)/copy"
        #expect(try sealed.run(["checkpoint", "save", file]).status == 0)
        #expect(try sealed.run(["checkpoint", "show"]).output == String(contentsOfFile: file, encoding: .utf8))
        #expect(try sealed.run(["checkpoint", "compare", file]).status == 0)

        try sealed.execute(
            """
            ALTER TABLE ledger.events DISABLE TRIGGER ALL;
            UPDATE ledger.events SET meta = set_byte(meta, 3, 65) WHERE position = 2;
            """)
        let bad = try sealed.run(["verify", "--checkpoint", file])
        #expect(bad.status == 1)
        #expect(bad.output.contains("position "))
        #expect(try sealed.run(["checkpoint", "compare", file]).status == 1)
    }

    @Test func `a database out of reach is no judgement of the log`() throws {
        let sealed = try Sealed()
        let gateway = try sealed.deployment.serve(sealed.settings)
        try createAccounts(1, gateway.root)
        #expect(eventually { sealed.keptSize == 1 })
        let nowhere = ["LEDGER_DATABASE_URL": "postgresql://nobody@/ledger?host=/nowhere"]
        for command in [["verify"], ["checkpoint", "compare", sealed.checkpoint]] {
            let unknown = try sealed.run(command, nowhere)
            #expect(unknown.status == 3, "\(unknown)")
            #expect(unknown.errors.contains("cannot be reached"), "\(unknown)")
        }
        #expect(try sealed.run(["verify"], ["LEDGER_MASTER_KEY_FILE": "/nowhere"]).status == 78)
    }

    @Test func `a database that was set back is not written to until that is accepted, under another name`() throws {
        let sealed = try Sealed()
        var gateway = try sealed.deployment.serve(sealed.settings)
        try createAccounts(5, gateway.root)
        #expect(eventually { sealed.keptSize == 5 })
        gateway.process.stop()
        // As a restored backup of the time when the log had three events.
        try sealed.execute(
            """
            ALTER TABLE ledger.events DISABLE TRIGGER ALL;
            DELETE FROM ledger.events WHERE position > 3;
            DELETE FROM ledger.checkpoints WHERE tree_size > 3;
            DELETE FROM ledger.subject_keys k WHERE NOT EXISTS
              (SELECT 1 FROM ledger.events e WHERE e.stream_id = k.stream_id);
            DELETE FROM ledger.reservations r WHERE NOT EXISTS
              (SELECT 1 FROM ledger.events e WHERE e.stream_id = r.stream_id);
            ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER no_delete, ENABLE ALWAYS TRIGGER purge_only;
            """)
        let refused = try sealed.deployment.start(["serve"], sealed.settings)
        var port: Int?
        #expect(
            eventually {
                port = Deployment.port(in: refused.errors)
                return port != nil
            })
        let root = Client(port: try #require(port), key: Deployment.rootKey)
        #expect(eventually { (try? root.call("GET", "/health/ready").status) == 503 })
        #expect(refused.errors.contains("nothing is written"))
        #expect(try root.call("POST", "/v1/accounts", ["name": "refused"]).status == 503)
        #expect(try root.head() == 3)
        #expect(sealed.keptSize == 5)
        refused.stop()

        let process = try sealed.deployment.start(["serve", "--accept-rollback"], sealed.settings)
        #expect(
            eventually {
                port = Deployment.port(in: process.errors)
                return port != nil || process.status != nil
            })
        gateway = Gateway(process: process, root: Client(port: try #require(port), key: Deployment.rootKey))
        try gateway.root.waitUntilReady(process)
        let origin = "\(TestDatabase.origin)/2"
        #expect(
            eventually {
                (try? String(contentsOfFile: sealed.checkpoint, encoding: .utf8))?.hasPrefix("\(origin)\n4\n") == true
            })
        try createAccounts(1, gateway.root)
        #expect(eventually { sealed.keptSize == 5 })
        let verified = try sealed.run(["verify"])
        #expect(verified.status == 0, "\(verified)")
        #expect(verified.output.contains(origin))
        gateway.process.stop()
        // The name that is configured is the one the log began with.
        gateway = try sealed.deployment.serve(sealed.settings.merging(["LEDGER_ORIGIN": TestDatabase.origin]) { $1 })
        try createAccounts(1, gateway.root)
    }
}
