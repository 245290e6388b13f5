import Foundation
import PostgresClient
import StrictJSON
import TestSupport
import Testing
import Transparency

/// Nothing is signed that an asynchronous standby could lack, with one that streams from the tests' database server.
@Suite(.serialized) struct StandbyTests {
    private let deployment: Deployment
    private let key: SigningKey
    private let standby: StreamingStandby
    private let settings: [String: String]

    init() throws {
        let seed = [UInt8](repeating: 5, count: 32)
        key = try #require(SigningKey(name: TestDatabase.origin, seed: seed))
        deployment = try Deployment()
        standby = try StreamingStandby()
        settings = [
            "LEDGER_SIGNING_KEY": Base64.encode(seed),
            "LEDGER_CHECKPOINT_DIR": "\(deployment.directory.path)/kept",
            "LEDGER_STANDBYS": standby.name,
        ]
    }

    private static func mayLook(_ may: Bool) throws {
        let connection = try TestCluster.connect()
        defer { connection.close() }
        let role = TestDatabase.gatewayRole
        try connection.execute(
            script: may ? "GRANT pg_read_all_stats TO \(role)" : "REVOKE pg_read_all_stats FROM \(role)")
    }

    private static func alarms(_ client: Client) throws -> String {
        let alarms = try client.call("GET", "/health/ready")["alarms"].arrayValue ?? []
        return alarms.compactMap(\.stringValue).joined(separator: "\n")
    }

    /// How much is sealed, as everybody is told.
    private func sealed(_ client: Client) throws -> Int64 {
        let answer = try client.with(nil).call("GET", "/log/checkpoint")
        guard answer.status == 200 else { return 0 }
        let size = try Checkpoint(verifying: SignedNote(answer.text), with: [key.verifier]).size
        #expect(try client.call("GET", "/v1/head")["checkpoint"]["size"].integerValue ?? 0 >= size)
        return size
    }

    private func isAllSealed(_ client: Client) throws -> Bool {
        try eventually { try sealed(client) == client.head() && Self.alarms(client).isEmpty }
    }

    @Test func `sealing waits while the standby is away or cannot be seen, and goes on by itself`() throws {
        let gateway = try deployment.serve(settings)
        let root = gateway.root
        _ = try root.account()
        #expect(try eventually { try Self.alarms(root).contains("the standby \(standby.name) is not connected") })
        #expect(try sealed(root) == 0)
        try standby.start()
        let hidden = "how far the standby \(standby.name) is cannot be seen"
        #expect(try eventually { try Self.alarms(root).contains(hidden) })
        #expect(try sealed(root) == 0)
        try Self.mayLook(true)
        defer { try? Self.mayLook(false) }
        #expect(try isAllSealed(root))
        for _ in 0..<5 {
            _ = try root.account()
            #expect(try isAllSealed(root))
        }
        let before = try root.head()
        standby.stop()
        for _ in 0..<3 { _ = try root.account() }
        #expect(try eventually { try Self.alarms(root).contains("the standby \(standby.name) is not connected") })
        #expect(try root.head() == before + 3 && sealed(root) == before)
        #expect(try root.call("GET", "/health/ready").status == 200)
        try standby.start()
        #expect(try isAllSealed(root))
        let lines = gateway.process.errors
        #expect(lines.components(separatedBy: "is not connected").count == 3, "each change is told once: \(lines)")
        #expect(lines.components(separatedBy: "sealing no longer waits for a standby").count == 3)
        // What was appended last is waited for at the end.
        _ = try root.account()
        let head = try root.head()
        #expect(gateway.process.stop() == 0)
        let connection = try PostgresConnection(deployment.database.configuration())
        defer { connection.close() }
        let newest = try connection.query(PostgresStatement("SELECT max(tree_size) FROM ledger.checkpoints"))
        #expect(try newest.int64(0, 0) == head)
    }

    @Test func `a standby that crashed under load and is promoted has all that was published`() throws {
        try Self.mayLook(true)
        defer { try? Self.mayLook(false) }
        try standby.start()
        var gateway = try deployment.serve(settings)
        let root = gateway.root
        let writers = (0..<3).map { _ in
            BackgroundWork {
                var wasLost = false
                for _ in 0..<2_000 where !wasLost {
                    _ = try root.account()
                    wasLost = try Self.alarms(root).contains("is not connected")
                }
            }
        }
        #expect(try eventually { try sealed(root) > 20 })
        standby.stop("QUIT")
        for writer in writers { try writer.wait() }
        _ = try root.account()
        let (head, published) = (try root.head(), try sealed(root))
        #expect(gateway.process.stop() == 0)
        #expect(
            try String(contentsOfFile: "\(deployment.directory.path)/kept/checkpoint", encoding: .utf8)
                .contains("\n\(published)\n"))

        try standby.start(isPromoted: true)
        let url = "host=\(standby.host) dbname=\(deployment.database.name)"
        let connection = try PostgresConnection(
            PostgresConfiguration(url: "\(url) user=ledger", applicationName: "tests"))
        defer { connection.close() }
        let rows = try connection.query(PostgresStatement("SELECT max(position) FROM ledger.events"))
        let kept = try rows.int64(0, 0)
        #expect(kept < head, "a tail was lost")
        #expect(kept >= published, "and nothing that was published")
        // The log goes on under its name, from the checkpoint that was kept.
        let promoted = settings.merging([
            "LEDGER_STANDBYS": "none", "LEDGER_DATABASE_URL": "\(url) user=\(TestDatabase.gatewayRole)",
        ]) { $1 }
        gateway = try deployment.serve(promoted)
        for _ in 0..<3 { _ = try gateway.root.account() }
        #expect(try gateway.root.head() == kept + 3 && isAllSealed(gateway.root))
        let verified = try deployment.start(
            ["verify", "--checkpoint", "\(deployment.directory.path)/kept/checkpoint"], promoted)
        #expect(verified.waitForEnd(within: 60) == 0, "\(verified.output) \(verified.errors)")
        #expect(gateway.process.stop() == 0)
    }

    @Test func `a checkpoint that was lost with the old server is signed again as it was after a promotion`() throws {
        try Self.mayLook(true)
        defer { try? Self.mayLook(false) }
        try standby.start()
        var gateway = try deployment.serve(settings)
        let root = gateway.root
        _ = try root.account()
        #expect(try isAllSealed(root))
        // The standby is told of the event and no more: it crashes between the signing and the commit.
        var isLost = false
        for _ in 0..<5 where !isLost {
            try crashStandbyBeforeCommit(root)
            let gone = "the standby \(standby.name) is not connected"
            _ = try eventually { try sealed(root) == root.head() || Self.alarms(root).contains(gone) }
            isLost = try sealed(root) == root.head()
            if !isLost {
                // It took so long that the sealer gave up.
                try standby.start()
                #expect(try isAllSealed(root))
            }
        }
        #expect(isLost)
        let published = try root.with(nil).call("GET", "/log/checkpoint").text
        let size = try root.head()
        #expect(published.contains("\n\(size)\n"))
        #expect(gateway.process.stop() == 0)

        try standby.start(isPromoted: true)
        let url = "host=\(standby.host) dbname=\(deployment.database.name)"
        let connection = try PostgresConnection(
            PostgresConfiguration(url: "\(url) user=ledger", applicationName: "tests"))
        defer { connection.close() }
        let rows = try connection.query(
            PostgresStatement(
                "SELECT (SELECT max(position) FROM ledger.events), (SELECT max(tree_size) FROM ledger.checkpoints)"))
        #expect(try rows.int64(0, 0) == size, "the events are there")
        #expect(try rows.int64(0, 1) < size, "their checkpoint is not")
        let promoted = settings.merging([
            "LEDGER_STANDBYS": "none", "LEDGER_DATABASE_URL": "\(url) user=\(TestDatabase.gatewayRole)",
        ]) { $1 }
        gateway = try deployment.serve(promoted)
        #expect(try eventually { try sealed(gateway.root) == size })
        #expect(try gateway.root.with(nil).call("GET", "/log/checkpoint").text == published)
        _ = try gateway.root.account()
        #expect(try gateway.root.head() == size + 1 && isAllSealed(gateway.root))
        let kept = "\(deployment.directory.path)/published"
        try Data(published.utf8).write(to: URL(fileURLWithPath: kept))
        let verified = try deployment.start(["verify", "--checkpoint", kept], promoted)
        #expect(verified.waitForEnd(within: 60) == 0, "\(verified.output) \(verified.errors)")
        #expect(gateway.process.stop() == 0)
    }

    /// Appends an event, and ends the standby as a crash does while the checkpoint over it is signed and not committed.
    private func crashStandbyBeforeCommit(_ root: Client) throws {
        let owner = try PostgresConnection(deployment.database.configuration())
        let watch = try PostgresConnection(deployment.database.configuration())
        defer {
            owner.close()
            watch.close()
        }
        try owner.execute(script: "BEGIN; LOCK TABLE ledger.checkpoints IN EXCLUSIVE MODE")
        _ = try root.account()
        let waiting = PostgresStatement(
            "SELECT count(*) FROM pg_locks WHERE relation = 'ledger.checkpoints'::regclass AND NOT granted")
        #expect(try eventually { try watch.query(waiting).int64(0, 0) > 0 })
        standby.stop("QUIT")
        try owner.execute(script: "COMMIT")
    }
}
