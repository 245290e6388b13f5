import Foundation
public import PostgresClient

/// A throw-away database server for the tests of this process.
///
/// With `LEDGER_TEST_DATABASE_URL` in the environment that server is used instead. Otherwise a shell sets one up in a
/// directory for scratch, reachable by a unix socket only, and takes it down when its standard input ends: when this
/// process does, in whichever way.
public enum TestCluster {
    /// A connection string of a superuser.
    public static let url: String = {
        if let given = ProcessInfo.processInfo.environment["LEDGER_TEST_DATABASE_URL"], !given.isEmpty { return given }
        return running.url
    }()

    /// How to connect to it.
    public static func configuration(
        name: String = "tests", statementTimeoutMilliseconds: Int = 30_000,
        stallLimitMilliseconds: Int = 30_000, session: [String: String] = [:]
    ) -> PostgresConfiguration {
        PostgresConfiguration(
            url: url, applicationName: name, statementTimeoutMilliseconds: statementTimeoutMilliseconds,
            stallLimitMilliseconds: stallLimitMilliseconds, session: session)
    }

    /// A connection to its first database.
    public static func connect(session: [String: String] = [:]) throws -> PostgresConnection {
        try PostgresConnection(configuration(session: session))
    }

    private static let running = Server()

    private final class Server: Sendable {
        let url: String
        /// Held so that the shell's input stays open.
        private let input = Pipe()
        private let shell = Process()

        init() {
            let output = Pipe()
            shell.executableURL = URL(fileURLWithPath: "/bin/sh")
            shell.arguments = ["-c", script, "cluster", Scratch.directory]
            shell.standardInput = input
            shell.standardOutput = output
            do { try shell.run() } catch { fatalError("no shell for the test cluster: \(error)") }
            let line = output.fileHandleForReading.availableData
            let directory = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard directory.hasPrefix("/") else { fatalError("the test cluster did not start") }
            url = "host=\(directory) user=ledger dbname=postgres"
        }
    }

    private static let script = """
        set -e
        as_owner() {
            if [ "$(id -u)" = 0 ]; then
                exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
            else
                exec "$@"
            fi
        }
        binaries=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
        PATH="$binaries:$PATH"
        directory=$(mktemp -d "$1/pgt.XXXXXX")
        if [ "$(id -u)" = 0 ]; then chown postgres: "$directory"; fi
        cd "$directory"
        (as_owner initdb -D "$directory/data" -A trust -U ledger -E UTF8 --no-sync) >/dev/null
        (as_owner postgres -D "$directory/data" -k "$directory" -c listen_addresses= -c fsync=off \
            -c max_connections=200) >"$directory/log" 2>&1 </dev/null &
        server=$!
        until pg_isready -q -h "$directory" -U ledger; do
            kill -0 $server
            sleep 0.05
        done
        echo "$directory"
        cat >/dev/null
        kill -QUIT $server
        wait $server || true
        rm -rf "$directory"
        """
}
