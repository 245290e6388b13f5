import Foundation
import PostgresClient
import StrictJSON
import Synchronization
import TestSupport
import Testing

/// Epoch keys are changed while everything runs, and an old one's end is the end of what backups hold of the erased.
@Suite struct KeyRotationTests {
    /// A subcommand on the deployment's database, as its owner.
    private func keys(_ deployment: Deployment, _ arguments: [String], _ settings: [String: String] = [:]) throws
        -> (status: Int32?, output: String, errors: String)
    {
        let process = try deployment.start(
            ["keys"] + arguments, ["LEDGER_OWNER_URL": deployment.database.url()].merging(settings) { $1 })
        let status = process.waitForEnd()
        return (status, process.output, process.errors)
    }

    private func status(_ deployment: Deployment) throws -> [JSONValue] {
        let run = try keys(deployment, ["status", "--json"])
        guard run.status == 0, let json = try? JSONReader.read(Array(run.output.utf8)) else {
            throw TestFailure("no status: \(run.errors)")
        }
        return json["epochs"].arrayValue ?? []
    }

    private func sql(_ database: TestDatabase, _ statement: String) throws {
        let connection = try PostgresConnection(database.configuration())
        defer { connection.close() }
        try connection.execute(script: statement)
    }

    @Test func `a rotation and a retirement under load lose nothing and refuse nobody`() throws {
        let deployment = try Deployment()
        let gateways = [try deployment.serve(), try deployment.serve()]
        for gateway in gateways { for _ in 1...20 { _ = try gateway.root.account() } }
        let load = Load(gateways.map(\.root))
        let rotated = try keys(deployment, ["rotate"])
        #expect(rotated.status == 0 || rotated.status == 75, "\(rotated.errors)")
        #expect(rotated.errors.contains("began epoch 2") && rotated.errors.contains("rewrapped "))
        // Both wrap under the new epoch within seconds; what they wrapped before is rewrapped.
        let isEmpty = try eventually {
            _ = try keys(deployment, ["rotate", "--resume"])
            return try status(deployment).first?["living"] == 0
        }
        #expect(isEmpty)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(deployment.directory.path)/keyring.json")
        #expect((mode[.posixPermissions] as? Int) == 0o600)
        #expect(try keys(deployment, ["retire", "2"]).status == 1, "the newest stays")
        #expect(try keys(deployment, ["retire", "9"]).status == 1)
        let retired = try keys(deployment, ["retire", "1"])
        #expect(retired.status == 0, "\(retired.errors)")
        #expect(try keys(deployment, ["retire", "1"]).status == 0, "again is no harm")
        let made = load.end()
        #expect(load.faults == [], "\(load.faults.prefix(3))")
        #expect(made.count > 20)
        for gateway in gateways {
            #expect(gateway.process.status == nil, "\(gateway.process.errors.suffix(1_500))")
            for person in made.suffix(200) { #expect(try gateway.root.call("GET", person.path).status == 200) }
        }
        let epochs = try status(deployment)
        #expect(epochs.map { $0["state"] } == ["retired", "current"])
        #expect(epochs.map { $0["keyring"] } == ["absent", "held"])
        let later = try deployment.serve()
        #expect(try later.root.call("GET", made[0].path).status == 200, "a new gateway starts")
        #expect(later.process.status == nil)
    }

    @Test func `a dump from before an erasure opens nothing once its epoch is retired`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let person = try gateway.root.account(["emails": ["remembered@example.org"]])
        let other = try gateway.root.account(["emails": ["stays@example.org"]])
        let old = try TestDatabase.make()
        defer { try? old.drop() }
        let copy = try Shell(
            """
            set -e
            PATH="$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH"
            pg_dump -Fc -f dump "$FROM"
            psql -q -d "$SERVER" -c "DROP DATABASE $NAME" -c "CREATE DATABASE $NAME"
            pg_restore -d "$TO" dump
            """,
            environment: [
                "FROM": deployment.database.url(), "TO": old.url(), "SERVER": TestCluster.url, "NAME": old.name,
            ])
        #expect(copy.status == 0, "\(copy.errors)")
        #expect(try gateway.root.call("DELETE", person.path).status == 204)
        #expect(try keys(deployment, ["retire", "1"]).status == 1, "living keys stand under it")
        #expect(try eventually { try keys(deployment, ["rotate"]).status == 0 })
        #expect(try keys(deployment, ["retire", "1"]).status == 0)
        // Nothing that it had in memory is in the file any more, so it asks the database whether to believe it.
        #expect(try eventually { try gateway.root.call("GET", other.path)["emails"] == ["stays@example.org"] })

        let settings = [
            "LEDGER_DATABASE_URL": old.url(role: TestDatabase.gatewayRole),
            "LEDGER_PROJECTOR_URL": old.url(role: TestDatabase.projectorRole),
        ]
        let refused = try deployment.start(["serve"], settings)
        #expect(refused.waitForEnd() == 78)
        #expect(refused.errors.contains("lacks epoch 1"), "\(refused.errors)")
        // Even told that the epoch is over, the service opens nothing of what stands under it.
        try sql(old, "UPDATE ledger.epochs SET retired_at = now()")
        let present = try PostgresConnection(deployment.database.configuration())
        defer { present.close() }
        let value = try present.query(
            PostgresStatement("SELECT encode(check_value, 'hex') FROM ledger.epochs WHERE retired_at IS NULL")
        ).string(0, 0)
        try sql(
            old,
            "INSERT INTO ledger.epochs (epoch, check_value) SELECT max(epoch) + 1, '\\x\(value)' FROM ledger.epochs")
        let past = try deployment.serve(settings)
        for path in [person.path, "\(person.path)?at=1", "\(person.path)/events", "\(person.path)/export"] {
            let answer = try past.root.call("GET", path)
            expectProblem(answer, 503, "unavailable")
            #expect(!answer.text.contains("remembered"))
        }
        #expect(past.process.errors.contains("serving"))
    }

    @Test func `a gateway with an old keyring of its own refuses what is beyond it, and goes on with the new file`()
        throws
    {
        let deployment = try Deployment()
        let copy = deployment.directory.write("own.json", deployment.database.keyringFile)
        let (main, other) = (try deployment.serve(), try deployment.serve(["LEDGER_KEYRING_FILE": copy]))
        let person = try main.root.account()
        #expect(try other.root.call("GET", person.path).status == 200)
        #expect(try eventually { try keys(deployment, ["rotate"]).status == 0 })
        #expect(try keys(deployment, ["retire", "1"]).status == 0)
        #expect(eventually { other.process.errors.contains("lacks an epoch that is in use") })
        expectProblem(try other.root.call("POST", "/v1/accounts", ["name": "x-own-keyring"]), 503, "unavailable")
        // A file that fits nothing changes nothing.
        _ = deployment.directory.write(
            "own.json", "{\"epochs\":[{\"epoch\":2,\"key\":\"\(Base64.encode([UInt8](repeating: 1, count: 32)))\"}]}")
        other.process.signal(SIGHUP)
        #expect(eventually { other.process.errors.contains("the keyring stays as it was") })
        let fresh = try String(contentsOfFile: "\(deployment.directory.path)/keyring.json", encoding: .utf8)
        _ = deployment.directory.write("own.json", fresh)
        #expect(try eventually { try other.root.call("GET", person.path).status == 200 })
        #expect(try eventually { try other.root.call("POST", "/v1/accounts", ["name": "x-own-keyring"]).status == 201 })
    }

    @Test func `keys that do not fit the database are refused, and nothing is done`() throws {
        let deployment = try Deployment()
        let before = try status(deployment)
        let key = Base64.encode([UInt8](repeating: 1, count: 32))
        for (text, reason) in [
            ("{\"epochs\":[{\"epoch\":1,\"key\":\"\(key)\"}]}", "another key for epoch 1"),
            ("{\"epochs\":[{\"epoch\":7,\"key\":\"\(key)\"}]}", "lacks epoch 1"), ("{}", "is not a keyring file"),
        ] {
            let file = deployment.directory.write("bad.json", text)
            for arguments in [["rotate"], ["rotate", "--resume"], ["retire", "1"]] {
                let run = try keys(deployment, arguments, ["LEDGER_KEYRING_FILE": file])
                #expect(run.status == 78 && run.errors.contains(reason), "\(run.errors)")
            }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        }
        #expect(try status(deployment) == before)
    }

    @Test func `beside an up the keys are found by themselves`() throws {
        let service = try Service()
        let person = try service.root.account()
        #expect(try service.tool(["keys", "status"]).output.hasPrefix("1\tcurrent\theld\t1\t0\t"))
        let rotated = try service.tool(["keys", "rotate"])
        #expect(rotated.status == 0 && rotated.output == "epoch 2: 1 keys rewrapped, 0 left\n", "\(rotated.errors)")
        #expect(try service.root.call("GET", person.path).status == 200)
        #expect(eventually { service.process.errors.contains("wraps new keys under another epoch") })
        _ = try service.root.account()
        #expect(try service.tool(["keys", "retire", "1"]).status == 0)
        _ = try service.root.account()
        #expect(try service.tool(["keys", "status", "--json"]).output.contains("\"living\":3"))
        #expect(service.process.stop() == 0)
        let again = try Service(home: service.home)
        #expect(try again.root.call("GET", person.path).status == 200)
    }
}

/// Accounts made and changed on several gateways until it is ended.
private final class Load: Sendable {
    private struct State {
        var isOver = false
        var made: [Person] = []
        var faults: [String] = []
        var running = 0
    }

    private let state = Mutex(State())

    init(_ gateways: [Client]) {
        for gateway in gateways + gateways {
            state.withLock { $0.running += 1 }
            let thread = Thread {
                while !self.state.withLock({ $0.isOver }) {
                    do {
                        let person = try gateway.account()
                        let answer = try gateway.call("PATCH", person.path, ["profile": ["a": "b"]])
                        if answer.status != 200 { throw TestFailure("\(answer.status) \(answer.text)") }
                        self.state.withLock { $0.made.append(person) }
                    } catch { self.state.withLock { $0.faults.append("\(error)") } }
                }
                self.state.withLock { $0.running -= 1 }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    var faults: [String] { state.withLock { $0.faults } }

    func end() -> [Person] {
        state.withLock { $0.isOver = true }
        _ = eventually { self.state.withLock { $0.running } == 0 }
        return state.withLock { $0.made }
    }
}
