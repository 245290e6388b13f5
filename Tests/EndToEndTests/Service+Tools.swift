import Foundation

extension Service {
    /// What a tool did that ran beside the service.
    struct ToolRun {
        let status: Int32?
        let output: String
        let errors: String
    }

    /// Runs a subcommand that finds the service by its home.
    func tool(_ arguments: [String]) throws -> ToolRun {
        let place = TemporaryDirectory()
        let process = try ServiceProcess(
            arguments, environment: ["LEDGER_HOME": "\(home.path)/home"], directory: place.path)
        let status = process.waitForEnd()
        return ToolRun(status: status, output: process.output, errors: process.errors)
    }

    /// What a statement answers, as psql prints it without alignment; as superuser of the cluster.
    func sql(_ statement: String) throws -> String {
        let shell = try Shell("\(try server())\npsql \"${at[@]}\" -qAt -v ON_ERROR_STOP=1 -c \"$SQL\" ledger", environment: ["SQL": statement])
        guard shell.status == 0 else { throw TestFailure("no answer: \(shell.errors)") }
        return shell.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Everything in its database, as pg_dump writes it.
    func dump() throws -> String {
        let shell = try Shell("\(try server())\npg_dump \"${at[@]}\" ledger")
        guard shell.status == 0 else { throw TestFailure("no dump: \(shell.errors)") }
        return shell.output
    }

    /// A script's beginning: the programs of PostgreSQL in its path, the way to the server in `at`.
    private func server() throws -> String {
        let lines = try String(contentsOfFile: "\(home.path)/home/postgres/data/postmaster.pid", encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        return """
            set -e
            PATH="$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH"
            at=(-h '\(lines[4])' -p '\(lines[3])' -U postgres)
            """
    }
}
