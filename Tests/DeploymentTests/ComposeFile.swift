import Foundation
import Yams

/// What a compose file says, with merge keys resolved and variables put in.
struct ComposeFile {
    /// One of its services.
    struct Service {
        let members: [String: Any]

        var image: String? { members["image"] as? String }
        var buildContext: String? { members["build"] as? String }
        var restart: String? { members["restart"] as? String }
        var command: [String] { strings("command") }
        var secrets: [String] { strings("secrets") }
        var ports: [String] { strings("ports") }
        var volumes: [String] { strings("volumes") }
        var environment: [String: String] {
            (members["environment"] as? [String: Any] ?? [:]).mapValues { "\($0)" }
        }
        /// The services it waits for, with what it waits for.
        var dependencies: [String: String] {
            (members["depends_on"] as? [String: [String: Any]] ?? [:]).mapValues { $0["condition"] as? String ?? "" }
        }
        /// The healthcheck's command, nil when there is none.
        var healthcheck: [String]? {
            guard let check = members["healthcheck"] as? [String: Any], check["disable"] as? Bool != true else {
                return nil
            }
            return check["test"] as? [String]
        }

        private func strings(_ name: String) -> [String] { (members[name] as? [Any] ?? []).map { "\($0)" } }
    }

    /// The variables without which compose refuses the file.
    static let required = ["LEDGER_ORIGIN": "ledger.example.org/log", "LEDGER_DOMAIN": "ledger.example.org"]

    let members: [String: Any]
    let services: [String: Service]
    /// The names of the named volumes.
    let volumes: Set<String>
    /// The secrets' files, relative to the compose file.
    let secretFiles: [String: String]

    /// Reads the repository's file.
    ///
    /// - Parameter variables: what compose would take from `.env` and the environment.
    /// - Throws: when it is no YAML, has no services, or lacks a variable.
    init(variables: [String: String] = required) throws {
        let text = try Self.filled(try Repository.text("docker-compose.yml"), variables)
        guard let members = try Yams.load(yaml: text) as? [String: Any],
            let services = members["services"] as? [String: [String: Any]]
        else { throw DeploymentFailure("docker-compose.yml has no services") }
        self.members = members
        self.services = services.mapValues(Service.init)
        volumes = Set((members["volumes"] as? [String: Any] ?? [:]).keys)
        secretFiles = (members["secrets"] as? [String: [String: Any]] ?? [:]).compactMapValues { $0["file"] as? String }
    }

    /// The service that runs this subcommand of the program.
    func service(running subcommand: String) throws -> Service {
        guard let found = services.values.first(where: { $0.buildContext != nil && $0.command == [subcommand] }) else {
            throw DeploymentFailure("no service runs \(subcommand)")
        }
        return found
    }

    /// Puts values in place of `${NAME:-default}` and `${NAME:?message}`; `$$` stays a dollar.
    static func filled(_ text: String, _ variables: [String: String]) throws -> String {
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest.removeFirst()
                continue
            }
            guard let match = rest.prefixMatch(of: /\{([A-Z_]+)(?::([?-])([^}]*))?\}/) else {
                throw DeploymentFailure("a dollar begins no variable: $\(rest.prefix(20))")
            }
            let (_, name, kind, other) = match.output
            if let value = variables[String(name)], !value.isEmpty {
                result += value
            } else if kind == "-", let other {
                result += other
            } else {
                throw DeploymentFailure("\(name) is not set: \(other ?? "")")
            }
            rest = rest[match.range.upperBound...]
        }
        return result + rest
    }
}
