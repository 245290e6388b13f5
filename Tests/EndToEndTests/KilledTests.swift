import Foundation
import PostgresClient
import StrictJSON
import Synchronization
import TestSupport
import Testing

/// Processes killed with SIGKILL in the middle of what they do beside requests: sealing, rewrapping, restoring.
///
/// Locks that a test holds stop them at the place that is meant.
@Suite struct KilledTests {
    /// A superuser's session that may hold a lock for as long as it likes.
    private struct Holder {
        private let connection: PostgresConnection
        private let watch: PostgresConnection

        init(_ database: TestDatabase) throws {
            connection = try PostgresConnection(
                database.configuration(session: ["idle_in_transaction_session_timeout": "0"]))
            watch = try PostgresConnection(database.configuration())
        }

        func close() {
            connection.close()
            watch.close()
        }

        func hold(_ lock: String) throws { try connection.execute(script: "BEGIN; \(lock)") }

        func release() throws { try connection.execute(script: "COMMIT") }

        func number(_ sql: String) throws -> Int64 {
            try watch.query(PostgresStatement("SELECT (\(sql))::int8")).int64(0, 0)
        }

        func execute(_ sql: String) throws { try watch.execute(script: sql) }

        /// Whether a statement that begins so waits for a lock.
        func waits(_ statement: String) throws -> Bool {
            try number(
                """
                SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '\(statement)%'
                """) > 0
        }

        /// Waits until the killed one's sessions are gone, which notice only when they have their lock.
        func waitUntilAlone() throws {
            let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            #expect(try eventually { try number(others) == 2 })
        }
    }

    private func run(_ deployment: Deployment, _ arguments: [String], _ settings: [String: String]) throws
        -> (status: Int32?, output: String, errors: String)
    {
        let process = try deployment.start(arguments, settings)
        let status = process.waitForEnd()
        return (status, process.output, process.errors)
    }

    // MARK: The sealer

    private static let signingKey = Base64.encode([UInt8](repeating: 11, count: 32))

    /// The size of a checkpoint in a file; 0 when there is none.
    private func size(_ path: String) -> Int64 {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").dropFirst().first.flatMap { Int64($0) } ?? 0
    }

    @Test func `a gateway killed in the middle of sealing leaves nothing of the round, and the next one goes on`()
        throws
    {
        let deployment = try Deployment()
        let kept = "\(deployment.directory.path)/kept"
        let settings = ["LEDGER_SIGNING_KEY": Self.signingKey, "LEDGER_CHECKPOINT_DIR": kept]
        let gateway = try deployment.serve(settings)
        let person = try gateway.root.account()
        #expect(eventually { size("\(kept)/checkpoint") == 1 })
        let early = "\(deployment.directory.path)/early"
        try FileManager.default.copyItem(atPath: "\(kept)/checkpoint", toPath: early)
        let holder = try Holder(deployment.database)
        defer { holder.close() }
        // The round gets as far as its checkpoint: past the first full tile.
        try holder.hold("LOCK TABLE ledger.checkpoints IN SHARE MODE")
        let written = atOnce(4) { thread in
            for number in 0..<70 {
                let profile: JSONValue = ["profile": ["n\(thread)": .string("\(number)")]]
                guard try gateway.root.call("PATCH", person.path, profile).status == 200 else {
                    throw TestFailure("not written")
                }
            }
        }
        #expect(written.allSatisfy { (try? $0.get()) != nil })
        let insert = "INSERT INTO ledger.checkpoints"
        // A round that waited for too long begins again; this one shall have all events.
        #expect(try eventually { try !holder.waits(insert) })
        #expect(try eventually { try holder.waits(insert) })
        gateway.process.kill9()
        try holder.release()
        try holder.waitUntilAlone()
        #expect(try holder.number("SELECT max(tree_size) FROM ledger.checkpoints") == 1)
        #expect(try holder.number("SELECT count(*) FROM ledger.tiles") == 0)
        #expect(size("\(kept)/checkpoint") == 1, "nothing was published that does not stand")

        let next = try deployment.serve(settings)
        #expect(eventually { size("\(kept)/checkpoint") == 281 })
        #expect(try holder.number("SELECT count(*) FROM ledger.tiles") == 1)
        #expect(try next.root.call("GET", "/health/ready")["alarms"] == [])
        let verified = try run(deployment, ["verify", "--checkpoint", early], settings)
        #expect(verified.status == 0, "\(verified)")
        #expect(next.process.stop() == 0)
    }

    @Test func `gateways killed while they seal under load publish nothing that does not stand`() throws {
        let deployment = try Deployment()
        let kept = "\(deployment.directory.path)/kept"
        let settings = ["LEDGER_SIGNING_KEY": Self.signingKey, "LEDGER_CHECKPOINT_DIR": kept]
        let holder = try Holder(deployment.database)
        defer { holder.close() }
        for _ in 0..<4 {
            let gateway = try deployment.serve(settings)
            let root = gateway.root
            let writer = atOnceInBackground { while (try? root.account()) != nil {} }
            let before = size("\(kept)/checkpoint")
            // As soon as a round has been published the next is under way.
            #expect(eventually { size("\(kept)/checkpoint") > before })
            gateway.process.kill9()
            try writer.wait()
            let published = size("\(kept)/checkpoint")
            #expect(published > before)
            #expect(try holder.number("SELECT count(*) FROM ledger.checkpoints WHERE tree_size = \(published)") == 1)
        }
        let gateway = try deployment.serve(settings)
        let head = try gateway.root.head()
        #expect(eventually { size("\(kept)/checkpoint") == head })
        let verified = try run(deployment, ["verify"], settings)
        #expect(verified.status == 0, "\(verified)")
        #expect(gateway.process.stop() == 0)
    }

    // MARK: Epoch keys

    @Test func `a rotation killed at each of its steps is gone on with, and gateways start in between`() throws {
        let deployment = try Deployment()
        let owner = ["LEDGER_OWNER_URL": deployment.database.url()]
        let gateway = try deployment.serve()
        let people = try (0..<20).map { _ in try gateway.root.account() }
        let holder = try Holder(deployment.database)
        defer { holder.close() }
        func kill(_ arguments: [String], holding lock: String, at statement: String) throws {
            try holder.hold(lock)
            let process = try deployment.start(["keys"] + arguments, owner)
            #expect(try eventually { try holder.waits(statement) }, "\(arguments)")
            process.kill9()
            // Its server process would do the statement to its end, which is another step.
            try holder.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '\(statement)%'")
            try holder.release()
            let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%migrate'"
            #expect(try eventually { try holder.number(sessions) == 0 })
        }
        func keyring() throws -> String {
            try String(contentsOfFile: "\(deployment.directory.path)/keyring.json", encoding: .utf8)
        }
        let old = try keyring()

        // The new key stands in the file, and the database does not know it.
        try kill(["rotate"], holding: "LOCK TABLE ledger.epochs IN SHARE MODE", at: "INSERT INTO ledger.epochs")
        #expect(try keyring().contains("\"epoch\":2"))
        #expect(try holder.number("SELECT max(epoch) FROM ledger.epochs") == 1)
        let status = try run(deployment, ["keys", "status"], owner)
        #expect(status.status == 0 && status.errors.contains("rotate --resume"), "\(status)")
        let between = try deployment.serve()
        #expect(try between.root.call("GET", people[0].path).status == 200)
        let early = try between.root.account()
        #expect(try holder.number("SELECT count(*) FROM ledger.subject_keys WHERE epoch <> 1") == 0)

        // The database knows it, and nothing is rewrapped.
        try kill(
            ["rotate", "--resume"], holding: "LOCK TABLE ledger.subject_keys IN SHARE MODE", at: "SELECT ledger.rewrap")
        #expect(try holder.number("SELECT max(epoch) FROM ledger.epochs") == 2)
        #expect(try holder.number("SELECT count(*) FROM ledger.subject_keys WHERE epoch = 1") == 21)
        // Without --resume too, it is the same rotation that goes on when the database lacks the key, and another otherwise.
        let resumed = try run(deployment, ["keys", "rotate", "--resume"], owner)
        #expect(resumed.status == 0 && resumed.output == "epoch 2: 21 keys rewrapped, 0 left\n", "\(resumed)")

        // The end of an epoch: before its commit nothing has happened, behind it the file is all that is left.
        try kill(
            ["retire", "1"], holding: "SELECT pg_advisory_xact_lock(1279607879, 0)", at: "SELECT ledger.retire_epoch")
        #expect(try holder.number("SELECT count(*) FROM ledger.epochs WHERE retired_at IS NOT NULL") == 0)
        #expect(try keyring().contains("\"epoch\":1"))
        try holder.execute("UPDATE ledger.epochs SET retired_at = now() WHERE epoch = 1")
        let retired = try run(deployment, ["keys", "retire", "1"], owner)
        #expect(retired.status == 0 && retired.output.contains("its key is gone"), "\(retired)")
        #expect(try !keyring().contains("\"epoch\":1") && keyring() != old)

        for root in [gateway.root, between.root] {
            // A gateway that slept through both has no key in common with the file, and asks the database first.
            #expect(try eventually { try root.call("GET", early.path).status == 200 })
            for person in people + [early] { #expect(try root.call("GET", person.path).status == 200) }
            #expect(try root.account().version() == 1)
        }
        let verified = try run(deployment, ["verify"], [:])
        #expect(verified.status == 0, "\(verified)")
    }

    @Test func `verification beside rotations under load finds nothing wrong`() throws {
        let deployment = try Deployment()
        let owner = ["LEDGER_OWNER_URL": deployment.database.url()]
        let gateway = try deployment.serve()
        let root = gateway.root
        for _ in 0..<30 { _ = try root.account() }
        let isOver = Shared(Atomic<Bool>(false))
        let writer = atOnceInBackground {
            var written = 0
            while written < 300 || !isOver.value.load(ordering: .acquiring) {
                _ = try root.account()
                written += 1
            }
        }
        let rotator = atOnceInBackground {
            for _ in 0..<4 {
                let rotated = try deployment.start(["keys", "rotate"], owner)
                guard let status = rotated.waitForEnd(), [0, 75].contains(status) else {
                    throw TestFailure("no rotation: \(rotated.errors)")
                }
            }
        }
        var rounds = 0
        repeat {
            let verified = try run(deployment, ["verify"], [:])
            #expect(verified.status == 0, "\(verified)")
            rounds += 1
        } while !rotator.hasEnded || rounds < 2
        isOver.value.store(true, ordering: .releasing)
        try writer.wait()
        try rotator.wait()
        #expect(gateway.process.stop() == 0)
    }

    // MARK: Restores

    @Test func `a restore killed in the middle leaves no log behind, and is run again`() throws {
        let old = try ExportTests.Exported.shared()
        let head = try old.service.root.head()
        let deployment = try Deployment()
        let new = try deployment.database.emptyNeighbour()
        let keys = "\(deployment.directory.path)/restored"
        let settings = ["LEDGER_OWNER_URL": new.url(), "LEDGER_KEYS_PASSPHRASE": "a passphrase of the test"]
        let arguments = ["restore", old.export, "--keys", old.keys, "--keys-to", keys]
        let holder = try Holder(new)
        defer { holder.close() }
        // While the schema is made: the next one goes on with whole steps.
        let first = try deployment.start(arguments, settings)
        #expect(
            try eventually { try holder.number("SELECT count(*) FROM pg_class WHERE relname = 'subject_keys'") == 1 })
        first.kill9()
        try holder.waitUntilAlone()
        let migrated = try run(deployment, ["migrate"], settings.merging(["LEDGER_DOMAIN": "localhost"]) { $1 })
        #expect(migrated.status != nil)
        try holder.execute("DELETE FROM ledger.epochs; DELETE FROM ledger.logs")

        // In its one transaction, behind all events.
        try holder.hold("LOCK TABLE ledger.subject_keys IN SHARE MODE")
        let second = try deployment.start(arguments, settings)
        #expect(try eventually { try holder.waits("COPY ledger.subject_keys") }, "\(second.errors)")
        second.kill9()
        try holder.release()
        try holder.waitUntilAlone()
        #expect(try holder.number("SELECT count(*) FROM ledger.events") == 0)
        #expect(try holder.number("SELECT count(*) FROM ledger.logs") == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(keys)/master.key"))

        let third = try run(deployment, arguments, settings)
        #expect(third.status == 0 && third.output.hasPrefix("localhost/log\t\(head)\t"), "\(third)")
        #expect(third.errors.contains("verified \(head) events") && third.errors.contains(": sound"), "\(third)")
        let fourth = try run(deployment, arguments, settings)
        #expect(fourth.status == 78 && fourth.errors.contains("all of it is there"), "\(fourth)")
        #expect(try holder.number("SELECT count(*) FROM ledger.events") == head)
    }

    @Test func `a restore into a home is killed and run again until it is through, with the same keys`() throws {
        let old = try ExportTests.Exported.shared()
        let home = TemporaryDirectory()
        let settings = ["LEDGER_HOME": "\(home.path)/home", "LEDGER_KEYS_PASSPHRASE": "a passphrase of the test"]
        let arguments = ["restore", old.export, "--keys", old.keys]
        for sign in ["postgres", "postgres/data/postmaster.pid", "keys/master.key"] {
            let place = TemporaryDirectory()
            let process = try ServiceProcess(arguments, environment: settings, directory: place.path)
            #expect(
                eventually {
                    FileManager.default.fileExists(atPath: "\(home.path)/home/\(sign)") || process.status != nil
                })
            // The keys stand just before the end, which may have come since they were looked for.
            #expect(process.status == nil || sign == "keys/master.key", "\(process.errors)")
            process.kill9()
        }
        let place = TemporaryDirectory()
        let last = try ServiceProcess(arguments, environment: settings, directory: place.path)
        let status = last.waitForEnd()
        // The third came to its end or not: its commit is just behind the keys.
        let isThere = status == 78 && last.errors.contains("all of it is there")
        #expect(status == 0 || isThere, "\(last.errors)")
        let new = try Service(home: home)
        #expect(try new.root.call("GET", old.person.path).status == 200)
        let verified = try new.tool(["verify"])
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test
    func `a restored log that is not sound is told of, and one whose keys lack root's keeps the key that is there`()
        throws
    {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let person = try gateway.root.account()
        let files = deployment.directory
        let url = ["LEDGER_PUBLIC_URL": "http://127.0.0.1:\(gateway.root.port)"]
        let passphrase = ["LEDGER_KEYS_PASSPHRASE": "a passphrase of the test"]
        let rootless = passphrase.merging(["LEDGER_ROOT_KEY_FILE": ""]) { $1 }
        #expect(try run(deployment, ["keys", "export", "--to", "\(files.path)/keys"], rootless).status == 0)
        let holder = try Holder(deployment.database)
        defer { holder.close() }
        // A name that nobody has any more: the lines of the export are in order all the same.
        try holder.execute("DELETE FROM ledger.reservations WHERE stream_id = '\(person.id)'")
        #expect(try run(deployment, ["replay", "--export", "\(files.path)/export"], url).status == 0)
        let home = TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: "\(home.path)/home/keys", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        _ = home.write("home/keys/root.key", "\(Deployment.rootKey)\n")
        let place = TemporaryDirectory()
        func restore(_ options: [String], _ home: TemporaryDirectory) throws -> ServiceProcess {
            let process = try ServiceProcess(
                ["restore", "\(files.path)/export", "--keys", "\(files.path)/keys"] + options,
                environment: passphrase.merging(["LEDGER_HOME": "\(home.path)/home"]) { $1 }, directory: place.path)
            #expect(process.waitForEnd() != nil)
            return process
        }
        let unsound = try restore([], home)
        #expect(unsound.status == 65 && unsound.errors.contains("namespace 1"), "\(unsound.errors)")
        #expect(unsound.output.hasPrefix("\(TestDatabase.origin)\t1\t"), "it is restored all the same")
        // The log was never signed, so there is a key for it now.
        let signing = try String(contentsOfFile: "\(home.path)/home/keys/signing.key", encoding: .utf8)
        #expect(signing.hasPrefix("PRIVATE+KEY+\(TestDatabase.origin)+"))
        #expect(
            try String(contentsOfFile: "\(home.path)/home/keys/root.key", encoding: .utf8) == "\(Deployment.rootKey)\n")
        let unasked = try restore(["--no-verify"], TemporaryDirectory())
        #expect(unasked.status == 0, "\(unasked.errors)")
    }
}
