import EmbeddedPostgres
import LogExport
import Logging
import PostgresClient
import PostgresLedger
import Projector
import Transparency
import Verification

/// The restore itself, which blocks.
struct RestoreTask: Sendable {
    /// What it comes to; no report when nothing was verified.
    typealias Result = (outcome: LogRestore.Outcome, report: VerificationReport?)

    let file: String
    var keys: KeySet
    let keysTo: String?
    let verifies: Bool
    /// What the file was found to hold: the log's name, how many events, and whether they are signed.
    let origin: String
    let total: Int64
    let isSealed: Bool
    let configuration: LedgerConfiguration
    let logger: Logger

    func run() throws -> Result {
        if configuration.isSet("LEDGER_OWNER_URL") {
            let url = try configuration.required("LEDGER_OWNER_URL", for: "restore")
            let outcome = try withSession(PostgresConnection(Migrator.session(url: url))) { connection in
                try fill(connection, keyFiles: keysTo.map { KeyFiles(directory: $0) })
            }
            var session = Migrator.session(url: url)
            session.session["role"] = "ledger_owner"
            return (outcome, try verify(session))
        }
        let files = keysTo.map { KeyFiles(directory: $0) } ?? KeyFiles(home: configuration.home)
        try keys.check(files)
        let database = try EmbeddedDatabase.start(configuration, logger: logger)
        defer { database.cluster.stop() }
        let complete = try completed(files)
        let outcome = try withSession(database.ownerSession()) { connection in
            let outcome = try complete.fill(connection, keyFiles: files)
            try EmbeddedDatabase.addUsers(on: connection)
            return outcome
        }
        let session = PostgresConfiguration(url: database.gatewayURL, applicationName: "account-ledger restore")
        return (outcome, try verify(session))
    }

    /// The same with the keys that an `up` needs and that an export of keys need not have; those of an earlier try are
    /// as good as new ones.
    ///
    /// A log that was signed goes on under its own key alone.
    private func completed(_ files: KeyFiles) throws -> RestoreTask {
        var complete = self
        if keys.root == nil {
            complete.keys.root = try files.readRoot() ?? DrawnRootKey.make(for: configuration.domain)
        }
        if keys.signing == nil, !isSealed {
            complete.keys.signing = try files.readForTools()?.signingKey ?? SigningKey.make(name: origin)?.secretText
        }
        return complete
    }

    private func withSession<T>(_ connection: PostgresConnection, _ body: (PostgresConnection) throws -> T) rethrows
        -> T
    {
        defer { connection.close() }
        return try body(connection)
    }

    private func fill(_ connection: PostgresConnection, keyFiles: KeyFiles?) throws -> LogRestore.Outcome {
        if let origin = try LogOpening.origin(on: connection) {
            throw CommandFailure(
                .configuration,
                "the database holds the log \(printable(origin)) already, and an export is restored into an empty "
                    + "database only. A restore that was ended early leaves no log behind: if this is the one that was "
                    + "being restored, all of it is there; run: account-ledger verify")
        }
        if let keyFiles { try keys.check(keyFiles) }
        let ledgerKeys = try keys.ledgerKeys()
        try Migrator(logger: logger).migrate(on: connection)
        let progress = ProgressLine("restored", unit: "events")
        defer { progress.clear() }
        do {
            let restore = LogRestore(on: connection, keys: ledgerKeys) { progress.show($0, of: total) }
            let outcome = try restore.run(file) {
                // Ahead of the commit, so that there is never a log without its keys.
                if let keyFiles { try keys.install(in: keyFiles) }
            }
            // What follows is done again by whoever starts the service: the log is whole.
            _ = try LogOpening(keys: ledgerKeys).open(origin: outcome.origin, on: connection)
            try Projections.register(ShippedProjections.all(ledgerKeys.master), on: connection, logger: logger)
            return outcome
        } catch let refusal as RestoreRefusal {
            throw CommandFailure(.configuration, refusal.description)
        } catch let fault as ExportFault {
            throw CommandFailure(.failure, "\(file): \(fault)")
        }
    }

    /// Looks at everything that was written as `verify` would: a backup of which nobody knows that it is whole is none.
    ///
    /// Nothing is sealed in it yet, so there is no signature to look at; a checkpoint that was given was compared with
    /// the file, whose root is the database's.
    private func verify(_ session: PostgresConfiguration) throws -> VerificationReport? {
        guard verifies else { return nil }
        var verification = VerificationConfiguration(session: session)
        verification.keys = try keys.ledgerKeys()
        verification.jobs = Verify.processors
        let progress = ProgressLine("verified", unit: "events")
        verification.progress = { progress.show($0, of: $1) }
        defer { progress.clear() }
        return try Verification(verification).run()
    }
}
