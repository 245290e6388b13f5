import Foundation
import Glibc
import TestSupport

/// The compose file on this machine: its secrets in a directory, its database and its services as plain processes.
///
/// Only container paths, host names and ports become local ones; everything else is as the files say.
final class LocalDeployment: Sendable {
    let directory: TemporaryDirectory
    let databasePort: Int
    let gatewayPort: Int
    private let mailPort: Int
    private let imageEnvironment: [String: String]

    /// Makes the secrets.
    init() async throws {
        directory = try TemporaryDirectory()
        databasePort = try FreePort.choose()
        gatewayPort = try FreePort.choose()
        mailPort = try FreePort.choose()
        imageEnvironment = try Dockerfile().image.environment
        try await PlainProcess.output(["\(Repository.path)/scripts/make-secrets", secrets])
        for name in try FileManager.default.contentsOfDirectory(atPath: secrets) where name.hasSuffix("_url") {
            let file = "\(secrets)/\(name)"
            let url = local(try String(contentsOfFile: file, encoding: .utf8))
            try FileManager.default.removeItem(atPath: file)
            try url.write(toFile: file, atomically: true, encoding: .utf8)
        }
    }

    /// Where the secrets lie.
    var secrets: String { "\(directory.path)/secrets" }

    /// A secret's text.
    func secret(_ name: String) throws -> String { try String(contentsOfFile: "\(secrets)/\(name)", encoding: .utf8) }

    /// What a container would find under another name.
    func local(_ text: String) -> String {
        text.replacingOccurrences(of: "/run/secrets/", with: "\(secrets)/")
            .replacingOccurrences(of: "/var/lib/account-ledger", with: "\(directory.path)/state")
            .replacingOccurrences(of: "@postgres:5432/", with: "@127.0.0.1:\(databasePort)/")
            .replacingOccurrences(of: "//mail:1025", with: "//127.0.0.1:\(mailPort)")
            .replacingOccurrences(of: "//127.0.0.1:8080", with: "//127.0.0.1:\(gatewayPort)")
    }

    /// A service's environment under that of its image.
    func environment(_ service: ComposeFile.Service) -> [String: String] {
        let said = imageEnvironment.merging(service.environment) { $1 }.mapValues(local)
        return said.merging(["LEDGER_HTTP_HOST": "127.0.0.1", "LEDGER_HTTP_PORT": "\(gatewayPort)"]) { $1 }
    }

    /// Starts a service that is built from the repository.
    func start(_ service: ComposeFile.Service) throws -> PlainProcess {
        try PlainProcess(
            [try Repository.executable()] + service.command, environment: environment(service),
            log: "\(directory.path)/\(service.command.joined()).log")
    }

    /// Starts PostgreSQL as the service says, and makes the cluster as its image would at the first start.
    func startDatabase(_ service: ComposeFile.Service) async throws -> PlainProcess {
        let place = directory.path
        let user = geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []
        let database = service.environment["POSTGRES_DB"] ?? ""
        let arguments = (service.environment["POSTGRES_INITDB_ARGS"] ?? "").split(separator: " ").map { String($0) }
        try await PlainProcess.output(
            ["/bin/bash", "-c", Self.prepare, "bash", place, "\(secrets)/postgres_password"])
        try await PlainProcess.output(
            user + ["initdb", "--pgdata=\(place)/data", "--username=postgres", "--pwfile=\(place)/pg/password"]
                + ["--no-sync"] + arguments)
        let process = try PlainProcess(
            user + service.command + [
                "-D", "\(place)/data", "-k", "\(place)/pg", "-p", "\(databasePort)", "-c", "listen_addresses=127.0.0.1",
                "-c", "fsync=off",
            ], stopSignal: "INT", log: "\(place)/postgres.log")
        let login = ["PGHOST": "\(place)/pg", "PGPORT": "\(databasePort)"]
        let isUp = try await eventually {
            let check = try? await PlainProcess.output(["pg_isready", "--username=postgres"], environment: login)
            return check != nil || !process.isRunning
        }
        guard isUp, process.isRunning else { throw DeploymentFailure("no database: \(process.output)") }
        try await PlainProcess.output(["createdb", "--username=postgres", database], environment: login)
        for volume in service.volumes where volume.contains(":/docker-entrypoint-initdb.d/") {
            let script = local(try Repository.text(String(volume.prefix { $0 != ":" })))
            try await PlainProcess.output(["/bin/bash", "-c", script], environment: login)
        }
        return process
    }

    private static let prepare = """
        set -e
        mkdir "$1/pg" "$1/data"
        install -m 600 "$2" "$1/pg/password"
        if [ "$(id -u)" = 0 ]; then chown -R postgres: "$1/pg" "$1/data"; fi
        """
}
