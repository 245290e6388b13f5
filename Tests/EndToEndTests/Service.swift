import Foundation
import TestSupport

/// `account-ledger up` in a home of its own.
final class Service: Sendable {
    let home: TemporaryDirectory
    let process: ServiceProcess
    let port: Int
    let root: Client

    /// Starts it, in a new home or in one to go on with, and waits until it is ready.
    init(
        home: TemporaryDirectory = TemporaryDirectory(), _ settings: [String: String] = [:], options: [String] = []
    ) throws {
        self.home = home
        process = try ServiceProcess(
            ["up"] + options, environment: Self.environment(home, settings), directory: home.path)
        let process = process
        var port: Int?
        _ = eventually(within: 120) { () -> Bool in
            port = Self.port(in: process.output)
            return port != nil || process.status != nil
        }
        guard let port else { throw TestFailure("up did not start: \(process.status ?? -1) \(process.errors)") }
        self.port = port
        let key = try String(contentsOfFile: "\(home.path)/home/keys/root.key", encoding: .utf8)
        root = Client(port: port, key: key.trimmingCharacters(in: .whitespacesAndNewlines))
        try root.waitUntilReady(process)
    }

    deinit { process.stop() }

    static func environment(_ home: TemporaryDirectory, _ settings: [String: String]) -> [String: String] {
        ["LEDGER_HOME": "\(home.path)/home", "LEDGER_HTTP_PORT": "0", "LEDGER_LIMITS": "off"]
            .merging(settings) { $1 }
    }

    private static func port(in greeting: String) -> Int? {
        guard let range = greeting.range(of: "is ready on http://") else { return nil }
        let address = greeting[range.upperBound...].prefix { $0 != " " && $0 != "\n" && $0 != "\u{1b}" }
        return address.split(separator: ":").last.flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// The one that suites share, which tell their things apart by their names.
    static func shared() throws -> Service { try only.get() }

    private static let only = Result { try Service() }
}

extension Client {
    func waitUntilReady(_ process: ServiceProcess) throws {
        let isReady = eventually(within: 120) {
            process.status != nil || (try? call("GET", "/health/ready").status) == 200
        }
        guard isReady, process.status == nil else {
            throw TestFailure("not ready: \(process.status ?? -1) \(process.errors.suffix(2000))")
        }
    }
}

/// Roles of the service on a database of a test: any number of `serve` and `project`.
final class Deployment: Sendable {
    let database: TestDatabase
    let directory = TemporaryDirectory()
    static let rootKey = "test.a0b1c2:abcdefghijklmnopqrstuvwxyz012345"

    init() throws {
        database = try TestDatabase.make()
        _ = directory.write("master.key", database.masterKeyText + "\n")
        _ = directory.write("keyring.json", database.keyringFile)
        _ = directory.write("root.key", Self.rootKey + "\n")
    }

    deinit { try? database.drop() }

    func environment(_ settings: [String: String] = [:]) -> [String: String] {
        [
            "LEDGER_DATABASE_URL": database.url(role: TestDatabase.gatewayRole),
            "LEDGER_PROJECTOR_URL": database.url(role: TestDatabase.projectorRole),
            "LEDGER_MASTER_KEY_FILE": "\(directory.path)/master.key",
            "LEDGER_KEYRING_FILE": "\(directory.path)/keyring.json",
            "LEDGER_ROOT_KEY_FILE": "\(directory.path)/root.key",
            "LEDGER_HTTP_PORT": "0", "LEDGER_LIMITS": "off",
        ].merging(settings) { $1 }
    }

    /// A process of a role, without waiting for anything.
    func start(_ arguments: [String], _ settings: [String: String] = [:]) throws -> ServiceProcess {
        let place = "\(directory.path)/\(Unique.name("run"))"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        return try ServiceProcess(arguments, environment: environment(settings), directory: place)
    }

    /// A gateway that is ready.
    func serve(_ settings: [String: String] = [:]) throws -> Gateway {
        let process = try start(["serve"], settings)
        var port: Int?
        _ = eventually(within: 120) { () -> Bool in
            port = Self.port(in: process.errors)
            return port != nil || process.status != nil
        }
        guard let port else { throw TestFailure("serve did not start: \(process.status ?? -1) \(process.errors)") }
        let gateway = Gateway(process: process, root: Client(port: port, key: Self.rootKey))
        try gateway.root.waitUntilReady(process)
        return gateway
    }

    /// A projector that found its database: until then it ends when the database is out of reach.
    func project() throws -> ServiceProcess {
        let process = try start(["project"])
        _ = eventually(within: 120) { process.errors.contains("\"projecting\"") || process.status != nil }
        guard process.status == nil else { throw TestFailure("no projector: \(process.errors)") }
        return process
    }

    static func port(in log: String) -> Int? {
        guard let line = log.split(separator: "\n").first(where: { $0.contains("\"serving\"") }),
            let range = line.range(of: "\"port\":\"")
        else { return nil }
        return Int(line[range.upperBound...].prefix { $0.isNumber })
    }
}

/// A gateway of a deployment, ended with its test.
final class Gateway: Sendable {
    let process: ServiceProcess
    let root: Client

    init(process: ServiceProcess, root: Client) {
        self.process = process
        self.root = root
    }

    deinit { process.signal(SIGKILL) }
}

extension Service {
    /// The pid of the database server of its cluster.
    func postmaster() throws -> Int32 {
        let path = "\(home.path)/home/postgres/data/postmaster.pid"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return 0 }
        return text.split(separator: "\n").first.flatMap { Int32($0) } ?? 0
    }
}
