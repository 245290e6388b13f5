import EventCoding
import Foundation
import PostgresClient
import StrictJSON
import Synchronization
import TestSupport
import Testing

/// The commands of docs/backup-and-restore.md, run while the service takes writes.
@Suite struct WholeBackupTests {
    /// What a client was told stands.
    private struct Written: Sendable {
        let name: String
        let id: String
        let position: Int64
        let view: JSONValue
    }

    /// Writes on threads until `body` has returned; gives what was written before it began, and all.
    private static func underLoad(_ root: Client, _ body: () throws -> Void) throws -> [Written] {
        let isOver = Shared(Mutex(false))
        let written = Shared(Mutex<[Written]>([]))
        let group = DispatchGroup()
        for _ in 0..<3 {
            group.enter()
            let thread = Thread {
                while !isOver.value.withLock({ $0 }) {
                    let name = Unique.name("load")
                    let made = try? root.call(
                        "POST", "/v1/accounts", ["name": .string(name)], headers: [("Idempotency-Key", name)])
                    guard let made, made.status == 201, let id = made["id"].stringValue, let position = made.position
                    else { continue }
                    written.value.withLock {
                        $0.append(Written(name: name, id: id, position: position, view: made.json))
                    }
                }
                group.leave()
            }
            thread.start()
        }
        #expect(eventually { written.value.withLock { $0.count } >= 30 })
        let before = written.value.withLock { $0 }
        defer {
            isOver.value.withLock { $0 = true }
            group.wait()
        }
        try body()
        return before
    }

    /// What was confirmed before the backup stands in the restored service, and repeats are known.
    private static func expect(_ before: [Written], in root: Client) throws {
        for account in before {
            let read = try root.call("GET", "/v1/accounts/\(account.id)")
            #expect(read.status == 200 && read["name"] == .string(account.name))
        }
        let head = try root.head()
        for account in before.prefix(5) {
            let again = try root.call(
                "POST", "/v1/accounts", ["name": .string(account.name)], headers: [("Idempotency-Key", account.name)])
            #expect(again["id"].stringValue == account.id, "\(again.text)")
            expectProblem(
                try root.call("POST", "/v1/accounts", ["name": .string(account.name)]), 409, "name-taken")
        }
        #expect(try root.head() == head, "repeats append nothing")
        // Lists come from the read models.
        let listed = try root.all("/v1/accounts", limit: 200)
        let ids = Set(listed.compactMap { $0["id"].stringValue })
        #expect(before.allSatisfy { ids.contains($0.id) })
    }

    @Test func `a dump taken under load is a working service again`() throws {
        let old = try Deployment()
        let gateway = try old.serve()
        let projector = try old.project()
        let dump = "\(old.directory.path)/ledger.dump"
        let before = try Self.underLoad(gateway.root) {
            let shell = try Shell(
                "\(Self.path)pg_dump --format=custom --file '\(dump)' \"$URL\"",
                environment: ["URL": old.database.url()])
            #expect(shell.status == 0, "\(shell.errors)")
        }
        let new = try old.copy()
        let shell = try Shell(
            "\(Self.path)pg_restore --exit-on-error --dbname \"$URL\" '\(dump)'", environment: ["URL": new.url()])
        #expect(shell.status == 0, "\(shell.errors)")
        projector.kill9()
        let restored = try old.serve(old.settings(for: new))
        let second = try old.start(["project"], old.settings(for: new))
        defer { second.kill9() }
        try Self.expect(before, in: restored.root)
        func tool(_ arguments: [String]) throws {
            let settings = old.settings(for: new).merging(
                ["LEDGER_PUBLIC_URL": "http://127.0.0.1:\(restored.root.port)"]) { $1 }
            let process = try old.start(arguments, settings)
            #expect(process.waitForEnd() == 0, "\(arguments): \(process.output) \(process.errors)")
        }
        func rows() throws -> OpenedRows {
            let connection = try PostgresConnection(new.configuration())
            defer { connection.close() }
            return try OpenedRows(connection, keyring: try Keyring(file: old.database.keyringFile))
        }
        try tool(["verify"])
        let live = try rows()
        try tool(["rebuild", "--all"])
        let difference = live.difference(from: try rows())
        #expect(difference.isEmpty && live.rows.count >= before.count, "\(difference)")
        try tool(["verify"])
        try new.drop()
    }

    @Test func `a base backup of an up's cluster, taken under load, is a working home again`() throws {
        let old = try Service()
        let files = TemporaryDirectory()
        let lines = try String(contentsOfFile: "\(old.home.path)/home/postgres/data/postmaster.pid", encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let before = try Self.underLoad(old.root) {
            let shell = try Shell(
                """
                \(Self.path)pg_basebackup -h '\(lines[4])' -p '\(lines[3])' -U postgres --checkpoint=fast \
                    --wal-method=stream --format=tar --pgdata '\(files.path)/base'
                cp -a '\(old.home.path)/home/keys' '\(files.path)/keys'
                """)
            #expect(shell.status == 0, "\(shell.errors)")
        }
        _ = old.process.stop()
        // Into a copy of the home, whose cluster is then that of the backup.
        let shell = try Shell(
            """
            set -e
            data=$(readlink -f '\(old.home.path)/home/postgres/data')
            owner=$(stat -c %u:%g "$data")
            rm -rf "$data"/*
            tar -xf '\(files.path)/base/base.tar' -C "$data"
            tar -xf '\(files.path)/base/pg_wal.tar' -C "$data/pg_wal"
            chown -R "$owner" "$data"
            rm -rf '\(old.home.path)/home/checkpoint'
            """)
        #expect(shell.status == 0, "\(shell.errors)")
        let new = try Service(home: old.home)
        try Self.expect(before, in: new.root)
        #expect(try new.tool(["verify"]).status == 0)
        let live = try new.openedRows()
        #expect(try new.tool(["rebuild", "--all"]).status == 0)
        let difference = live.difference(from: try new.openedRows())
        #expect(difference.isEmpty && live.rows.count >= before.count, "\(difference)")
        #expect(try new.tool(["verify"]).status == 0)
    }

    private static let path = "PATH=\"$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH\" "
}

extension Deployment {
    /// An empty database beside this one, for a restore.
    fileprivate func copy() throws -> TestDatabase { try database.emptyNeighbour() }

    /// The settings of roles on another database.
    fileprivate func settings(for database: TestDatabase) -> [String: String] {
        [
            "LEDGER_DATABASE_URL": database.url(role: TestDatabase.gatewayRole),
            "LEDGER_PROJECTOR_URL": database.url(role: TestDatabase.projectorRole),
        ]
    }
}
