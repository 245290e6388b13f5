import Foundation
import TestSupport

/// A standby of the tests' database server that streams from it, ended with its test.
///
/// A shell holds the server: when this process ends, in whichever way, the shell's input ends and the server with it.
final class StreamingStandby {
    /// Its application name.
    let name = Unique.name("standby")
    private let directory: String
    private var shell: Process?
    private var input = Pipe()

    /// Copies the server; nothing runs yet.
    init() throws {
        directory = "/tmp/pgs.\(UUID().uuidString.prefix(8))"
        let made = try Shell(
            """
            \(Self.head)
            mkdir -m 700 '\(directory)'
            if [ "$(id -u)" = 0 ]; then chown postgres: '\(directory)'; fi
            cd '\(directory)'
            as_owner pg_basebackup --dbname "$URL" --pgdata '\(directory)/data' --checkpoint=fast --no-sync -R
            """, environment: ["URL": TestCluster.url, "PGAPPNAME": name])
        guard made.status == 0 else { throw TestFailure("no standby: \(made.errors)") }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Starts it; it streams soon, or goes on alone from what it has when it is promoted.
    func start(isPromoted: Bool = false) throws {
        let shell = Process()
        input = Pipe()
        let output = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = [
            "-c",
            """
            \(Self.head)
            cd '\(directory)'
            (as_owner postgres -D data -k '\(directory)' -c listen_addresses= -c fsync=off -c max_connections=200 \
                \(isPromoted ? "-c primary_conninfo=" : "")) >>log 2>&1 </dev/null &
            server=$!
            until pg_isready -q -h '\(directory)' -U ledger; do
                kill -0 $server
                sleep 0.05
            done
            \(isPromoted ? "(as_owner pg_ctl promote -s -w -D data)" : ":")
            echo started
            read -r how || how=INT
            kill -$how $server
            wait $server || true
            """,
        ]
        shell.standardInput = input
        shell.standardOutput = output
        try shell.run()
        self.shell = shell
        guard output.fileHandleForReading.availableData == Data("started\n".utf8) else {
            throw TestFailure("the standby did not start: \(log)")
        }
    }

    /// Ends it, and waits until it is gone; `QUIT` is as a crash.
    func stop(_ signal: String = "INT") {
        guard let shell else { return }
        try? input.fileHandleForWriting.write(contentsOf: Data("\(signal)\n".utf8))
        shell.waitUntilExit()
        self.shell = nil
    }

    /// Where it listens.
    var host: String { directory }

    private var log: String { (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? "" }

    private static let head = """
        set -e
        as_owner() {
            if [ "$(id -u)" = 0 ]; then
                exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
            else
                exec "$@"
            fi
        }
        PATH="$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH"
        """
}
