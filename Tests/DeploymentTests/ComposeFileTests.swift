import Foundation
import Testing

@Suite("docker-compose.yml")
struct ComposeFileTests {
    private let file: ComposeFile

    init() throws { file = try ComposeFile() }

    @Test func `it holds the service, its database and a mail sink`() {
        #expect(Set(file.services.keys) == ["postgres", "migrate", "gateway", "projector", "mail"])
    }

    @Test func `every member is one that compose knows`() {
        let top: Set = ["name", "services", "volumes", "secrets", "networks", "configs"]
        let service: Set = [
            "build", "cap_add", "cap_drop", "command", "configs", "depends_on", "entrypoint", "environment",
            "healthcheck", "image", "networks", "ports", "read_only", "restart", "secrets", "security_opt",
            "stop_grace_period", "stop_signal", "tmpfs", "user", "volumes", "working_dir",
        ]
        let healthcheck: Set = ["disable", "test", "interval", "timeout", "retries", "start_period", "start_interval"]
        #expect(Set(file.members.keys.filter { !$0.hasPrefix("x-") }).subtracting(top).isEmpty)
        for (name, found) in file.services {
            #expect(Set(found.members.keys).subtracting(service).isEmpty, "\(name)")
            let check = found.members["healthcheck"] as? [String: Any] ?? [:]
            #expect(Set(check.keys).subtracting(healthcheck).isEmpty, "\(name)")
        }
    }

    @Test func `every service is built here or an image of a fixed version`() {
        for (name, service) in file.services {
            if let context = service.buildContext {
                #expect(Repository.holds("\(context)/Dockerfile"), "\(name)")
            } else {
                let tag = service.image?.split(separator: ":").dropFirst().last
                #expect(tag != nil && tag != "latest", "\(name)")
            }
        }
    }

    @Test func `every secret is declared, used, and made by make-secrets`() async throws {
        let place = try TemporaryDirectory()
        try await PlainProcess.output(["\(Repository.path)/scripts/make-secrets", "\(place.path)/secrets"])
        let made = Set(try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/secrets"))
        let used = Set(file.services.values.flatMap(\.secrets))
        #expect(used == Set(file.secretFiles.keys))
        #expect(Set(file.secretFiles.values) == Set(made.map { "./secrets/\($0)" }))
    }

    @Test func `make-secrets makes nothing anew and nothing predictable`() async throws {
        let places = [try TemporaryDirectory(), try TemporaryDirectory()]
        for place in places {
            try await PlainProcess.output(["\(Repository.path)/scripts/make-secrets", "\(place.path)/secrets"])
        }
        let first = try Self.contents(places[0])
        try await PlainProcess.output(["\(Repository.path)/scripts/make-secrets", "\(places[0].path)/secrets"])
        #expect(try Self.contents(places[0]) == first)
        let second = try Self.contents(places[1])
        for (name, value) in first { #expect(second[name] != value, "\(name)") }
    }

    @Test func `a service reads only secrets that it is given`() throws {
        let roles = try Repository.text("deploy/postgres/roles.sh")
        for (name, service) in file.services {
            var texts = Array(service.environment.values) + service.command
            if service.volumes.contains(where: { $0.contains("roles.sh") }) { texts.append(roles) }
            let read = texts.flatMap { $0.matches(of: /\/run\/secrets\/([a-z_]+)/).map { String($0.output.1) } }
            #expect(Set(read) == Set(service.secrets), "\(name)")
        }
    }

    @Test func `every volume is declared or a file of the repository`() {
        var named: Set<String> = []
        for service in file.services.values {
            for volume in service.volumes {
                let parts = volume.split(separator: ":").map { String($0) }
                #expect(parts.count >= 2 && parts[1].hasPrefix("/"), "\(volume)")
                if parts[0].hasPrefix(".") {
                    #expect(Repository.holds(parts[0]), "\(volume)")
                } else {
                    named.insert(parts[0])
                }
            }
        }
        #expect(named == file.volumes)
    }

    @Test func `what a service waits for can come true`() {
        for (name, service) in file.services {
            for (other, condition) in service.dependencies {
                switch condition {
                case "service_started": #expect(file.services[other] != nil, "\(name)")
                case "service_healthy": #expect(file.services[other]?.healthcheck != nil, "\(name)")
                case "service_completed_successfully": #expect(file.services[other]?.restart == "no", "\(name)")
                default: Issue.record("\(name) waits for \(other) to be \(condition)")
                }
            }
        }
    }

    @Test func `a healthcheck is a command`() {
        for (name, service) in file.services where service.healthcheck != nil {
            #expect(["CMD", "CMD-SHELL"].contains(service.healthcheck?.first), "\(name)")
            #expect((service.healthcheck?.count ?? 0) > 1, "\(name)")
        }
    }

    @Test func `ports are published to this machine only`() {
        for (name, service) in file.services {
            for port in service.ports { #expect(port.hasPrefix("127.0.0.1:"), "\(name)") }
        }
    }

    @Test(arguments: ["docker-compose.yml", "Dockerfile", "deploy/postgres/roles.sh", "scripts/make-secrets"])
    func `no password stands in it`(name: String) throws {
        let text = try Repository.text(name)
        #expect(text.firstMatch(of: /:\/\/[^\/\s%@$]+:[^\/\s%@$]+@/) == nil)
        let assigned = /(?i)password\s*[:=]\s*['"]?[a-z0-9]{4,}['"]?\s*$/.anchorsMatchLineEndings()
        #expect(text.firstMatch(of: assigned) == nil)
    }

    @Test func `every key of the service's environment is one of its configuration`() async throws {
        let known = try await KnownKeys()
        for (name, service) in file.services {
            for (key, value) in service.environment where key.hasPrefix("LEDGER_") {
                #expect(known.names.contains(key), "\(name)")
                #expect(!known.secrets.contains(key) || !value.contains("@"), "\(name) holds the secret \(key)")
            }
        }
    }

    @Test func `every command is a subcommand of the program`() async throws {
        for service in file.services.values where service.buildContext != nil {
            try await PlainProcess.output([try Repository.executable()] + service.command + ["--help"])
        }
    }

    @Test func `the name of the log and the domain must be given`() {
        #expect(throws: DeploymentFailure.self) { try ComposeFile(variables: ["LEDGER_DOMAIN": "example.org"]) }
        #expect(throws: DeploymentFailure.self) { try ComposeFile(variables: ["LEDGER_ORIGIN": "example.org/log"]) }
    }

    private static func contents(_ place: TemporaryDirectory) throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(place.path)/secrets")
        let pairs = try names.map { ($0, try String(contentsOfFile: "\(place.path)/secrets/\($0)", encoding: .utf8)) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
