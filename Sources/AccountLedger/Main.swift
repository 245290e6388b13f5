import ArgumentParser
import Glibc

/// The program: one binary whose subcommands are the roles of the service and the tools around it.
@main struct AccountLedger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account-ledger",
        abstract: "An event-sourced account service on PostgreSQL.",
        discussion: """
            `account-ledger up` runs everything on a private PostgreSQL in LEDGER_HOME. In production `serve` and \
            `project` run against your own PostgreSQL, after `migrate`.

            Every setting is a flag, an environment variable or a line of the file given by --config, in this order; \
            `account-ledger config print` lists them all.

            Exit codes: 0 done, 1 refused or failed, 64 command line not understood, 65 log or checkpoint not sound, \
            69 service or database unreachable, 75 try again, 78 configuration, keys or database version do not fit.
            """,
        version: "account-ledger 1.0.0",
        subcommands: [
            Up.self, Serve.self, Project.self, Migrate.self, Bootstrap.self, Show.self, Diff.self, Replay.self,
            Restore.self, ProjectionsCommand.self, Rebuild.self, Verify.self, CheckpointCommand.self, KeysCommand.self,
            ConfigCommand.self, Health.self,
        ])

    static func main() async {
        // A reader that goes away is no reason to die; writes say so by themselves.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Self.report(failure)
            Self.end(failure.status)
        } catch let failure as ConfigurationFailure {
            for problem in failure.problems { Self.report(problem) }
            Self.end(.configuration)
        } catch {
            exit(withError: error)
        }
        Output.flush()
        LogOutput.standardError.flush()
    }

    private static func report(_ line: some CustomStringConvertible) {
        Output.writeToStandardError("account-ledger: \(line)\n")
    }

    private static func end(_ status: CommandStatus) -> Never {
        Output.flush()
        LogOutput.standardError.flush()
        Glibc.exit(status.rawValue)
    }
}
