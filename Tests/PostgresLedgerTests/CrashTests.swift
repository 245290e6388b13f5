import AccountDomain
import Accounts
import EventCoding
import Foundation
import Logging
import PostgresClient
import PostgresLedger
import Testing

/// A database server that is stopped at once, under load, and started again (docs/log.md).
@Suite(.serialized) struct CrashTests {
    @Test func `a server that crashes three times under load loses and doubles nothing`() async throws {
        let server = try CrashingServer()
        let keys = LedgerKeys(keyring: Keyring.make(), master: MasterKey.make())
        let owner = try PostgresConnection(Migrator.session(url: server.url))
        _ = try Migrator(logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }).migrate(on: owner)
        _ = try LogOpening(keys: keys).open(origin: "test.example.org/log", on: owner)
        owner.close()
        let client = LogClient(PostgresConfiguration(url: server.url, applicationName: "tests"), keys: keys)
        let streams = (0..<20).map { _ in LogClient.newStream() }
        for stream in streams {
            let command = LogClient.newCommand()
            try await client.insist { () async throws(Failure) in try await client.create(stream, command) }
        }
        let progress = Progress()

        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<20 {
                group.addTask {
                    var number = 0
                    while !progress.isOver {
                        number += 1
                        let stream = streams[(worker + number) % streams.count]
                        let command = LogClient.newCommand()
                        let it = try await client.insist { () async throws(Failure) in
                            try await client.toggle(stream, command, seconds: 20)
                        }
                        progress.note(command, stream, it)
                    }
                }
            }
            group.addTask {
                for _ in 0..<3 {
                    let before = progress.answered.count
                    while progress.answered.count < before + 300 { try await Task.sleep(for: .milliseconds(10)) }
                    try await server.crash()
                }
                let before = progress.answered.count
                while progress.answered.count < before + 100 { try await Task.sleep(for: .milliseconds(10)) }
                progress.end()
            }
            try await group.waitForAll()
        }
        let connection = try PostgresConnection(PostgresConfiguration(url: server.url, applicationName: "tests"))
        #expect(try WholeLog.faults(connection, answers: progress.answered) == [])
        connection.close()
        await client.close()
        server.end()
    }
}

/// A database server of its own, which writes through to the disk and can be stopped as if it had crashed.
///
/// A shell holds it, and takes it down when this process ends.
final class CrashingServer: Sendable {
    let url: String
    private let directory: String
    private let input = Pipe()
    private let shell = Process()

    init() throws {
        let output = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.script]
        shell.standardInput = input
        shell.standardOutput = output
        try shell.run()
        directory = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard directory.hasPrefix("/") else { throw CocoaError(.executableNotLoadable) }
        url = "host=\(directory) user=ledger dbname=postgres"
    }

    /// Stops the server without any order, and returns when it is started again.
    func crash() async throws {
        let marker = "\(directory)/crashes"
        let before = (try? String(contentsOfFile: marker, encoding: .utf8)) ?? ""
        try input.fileHandleForWriting.write(contentsOf: Data("crash\n".utf8))
        while (try? String(contentsOfFile: marker, encoding: .utf8)) ?? "" == before {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func end() {
        try? input.fileHandleForWriting.close()
        shell.waitUntilExit()
    }

    private static let script = """
        set -e
        as_owner() {
            if [ "$(id -u)" = 0 ]; then
                setpriv --reuid=postgres --regid=postgres --init-groups "$@"
            else
                "$@"
            fi
        }
        PATH="$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH"
        directory=$(mktemp -d /tmp/pgcrash.XXXXXX)
        if [ "$(id -u)" = 0 ]; then chown postgres: "$directory"; fi
        cd "$directory"
        as_owner initdb -D "$directory/data" -A trust -U ledger -E UTF8 --no-sync >/dev/null
        start() {
            as_owner pg_ctl start -w -D "$directory/data" -l "$directory/log" \
                -o "-k $directory -c listen_addresses=" >/dev/null </dev/null
        }
        start
        : >"$directory/crashes"
        echo "$directory"
        while read -r line; do
            as_owner pg_ctl stop -m immediate -D "$directory/data" >/dev/null
            start
            echo crash >>"$directory/crashes"
        done
        as_owner pg_ctl stop -m immediate -D "$directory/data" >/dev/null
        rm -rf "$directory"
        """
}
