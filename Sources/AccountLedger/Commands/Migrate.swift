import ArgumentParser
import Logging
import Migrations
import PostgresClient
import PostgresLedger
import Projector

/// `migrate`: the schema, and the rows that tie the database to its name and keys.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database of LEDGER_OWNER_URL up to date.",
        discussion: """
            Needs LEDGER_OWNER_URL (a member of roles ledger_owner and ledger_projector), LEDGER_MASTER_KEY and \
            LEDGER_KEYRING_FILE, and for a new log LEDGER_ORIGIN or LEDGER_DOMAIN. Each step commits together with its \
            record; of two migrators one waits. Locks are waited for only briefly and asked for again, so it may run \
            while the service serves. Not needed for `up`.
            """)

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    @Flag(help: "Only print what would be applied.")
    var plan = false

    @Flag(help: "Print JSON.")
    var json = false

    mutating func run() async throws {
        let configuration = try options.load()
        let logger = LineLogHandler.logger("account-ledger", level: configuration.logLevel)
        let url = try configuration.required("LEDGER_OWNER_URL", for: "migrate")
        let session = Migrator.session(url: url)
        let migrator = Migrator(logger: logger)
        guard !plan else {
            let steps = try await onThread {
                try Database.explained {
                    let connection = try PostgresConnection(session)
                    defer { connection.close() }
                    return try migrator.outstanding(on: connection).map { Step($0.number, $0.name) }
                }
            }
            return report(steps, done: false, origin: nil)
        }
        let secrets = try LedgerSecrets(configuration, for: "migrate")
        let (steps, origin) = try await onThread {
            try Database.explained {
                let connection = try PostgresConnection(session)
                defer { connection.close() }
                let stored = try LogOpening.origin(on: connection)
                guard let origin = configuration.newOrigin(needsDomain: true) ?? stored else {
                    throw LedgerSecrets.failure("LEDGER_ORIGIN", "is needed to open the log, once and for ever")
                }
                // A database that is newer, or of other keys, is refused before anything is changed in it.
                _ = try migrator.outstanding(on: connection)
                let opening = LogOpening(keys: secrets.keys)
                if stored != nil { _ = try opening.open(origin: origin, on: connection) }
                let applied = try migrator.migrate(on: connection).map { Step($0.number, $0.name) }
                let opened = try opening.open(origin: origin, on: connection)
                // A gateway that starts before the first projector finds its read models there.
                try Projections.register(ShippedProjections.all(secrets.master), on: connection, logger: logger)
                return (applied, opened)
            }
        }
        report(steps, done: true, origin: origin)
    }

    private struct Step: Sendable {
        let number: Int
        let name: String

        init(_ number: Int, _ name: String) {
            self.number = number
            self.name = name
        }
    }

    private func report(_ steps: [Step], done: Bool, origin: String?) {
        if json {
            let items = steps.map { "{\"number\":\($0.number),\"name\":\"\($0.name)\"}" }.joined(separator: ",")
            Output.line("{\"\(done ? "applied" : "outstanding")\":[\(items)]}")
            return
        }
        for step in steps { Output.line("\(step.number)\t\(step.name)") }
        switch (steps.isEmpty, done) {
        case (true, _): Output.writeToStandardError("the schema is up to date\n")
        case (false, true): Output.writeToStandardError("applied \(steps.count) migrations\n")
        case (false, false): Output.writeToStandardError("\(steps.count) migrations would be applied\n")
        }
        if let origin { Output.writeToStandardError("the log is \(origin)\n") }
    }
}
