import AccountDomain
import AccountSecurity
import Accounts
import AuditDoor
import DoorKit
import EventCoding
import Glibc
import LogExport
import Logging
import MeldDoor
import MisakeyDoor
import NativeDoor
import PostgresClient
import PostgresLedger
import PostgresReadModels
import PostgresTransparency
import ServiceLifecycle
import Transparency

/// The gateway role, put together: the log and its reads, the use cases, the doors, the server.
struct Gateway {
    /// What the role is made of beside its configuration.
    struct Parts: Sendable {
        let databaseURL: String
        let secrets: LedgerSecrets
        /// Root's key string.
        let root: String
        /// The log's name, as the database has it.
        let origin: String
        /// Signs the log's checkpoints; nil for a gateway that leaves it to others.
        let signingKey: SigningKey?
        /// Keys that signed them before.
        var formerKeys = FormerKeys()
        /// Why nothing may be written: the database is not the one that the kept checkpoint is of.
        var refusal: String?
    }

    /// The services of the role, in the order in which they begin; they end in the opposite one.
    let services: [any Service]

    init(
        _ configuration: LedgerConfiguration, _ parts: Parts, logger: Logger,
        onGrowth: @escaping @Sendable (Int64) -> Void = { _ in },
        onListening: @escaping @Sendable (Listening) async -> Void
    ) throws {
        let root = try RootKey(parts.root)
        let keyring = parts.secrets.loadedKeyring()
        let session = Self.session(parts.databaseURL)
        let writer = PostgresPipeline(session, name: "appender")
        let reader = PostgresPipeline(session, name: "reader")

        var logConfiguration = PostgresLog.Configuration()
        logConfiguration.streamLimit = configuration.streamLimit
        let appended = AppendedLeaves()
        logConfiguration.judgeSetBack = {
            let reason = await RollbackCheck.judge(configuration, session, origin: parts.origin)
            // What was appended and is gone, as when a standby took over, is not to be looked for in what is sealed.
            if reason == nil { appended.forget(through: .max) }
            return reason
        }
        let sealer = Self.sealer(configuration, parts, session, appended, logger: logger)
        let log = PostgresLog(
            configuration: logConfiguration, keys: parts.secrets.keys, keyring: keyring, writer: writer,
            reader: reader, logger: logger, appended: appended,
            onGrowth: { head in
                sealer.wake()
                onGrowth(head)
            })
        if let refusal = parts.refusal { log.gate.shut(refusal) }
        let sealed = PostgresSealedLog(log: log)
        let reads = PostgresReadModels(log: log)
        let history = PostgresHistory(log: log)

        let work = SlowWork()
        let master = parts.secrets.master
        let accounts = AccountService(
            log: log, reads: reads, passwords: Argon2PasswordHasher(work: work),
            keyPairs: RSAKeyPairMaker(work: work, stock: RSAKeyStock(work: work)),
            settings: AccountSettings(applicationID: root.applicationID),
            derivedStream: { master.createdStream(by: $0) })

        let drain = Drain()
        let counters = ServerCounters()
        let witnesses = Witnesses(
            configuration.witnesses.map { WebWitnessLine($0) }, sealer: sealer, log: sealed, session: session,
            logger: logger)
        let readiness = Readiness(
            writer: writer, reader: reader, drain: drain, sealer: sealer, witnesses: witnesses, gate: log.gate)
        let tokens = AccessTokens(key: master.derivedKey("access-token"))
        let authenticator =
            configuration.hasLimits
            ? Authenticator(log: log, root: root, tokens: tokens)
            : Authenticator(log: log, root: root, tokens: tokens, failures: .off)
        let attempts = PostgresAttempts(session, master: master)
        let limits = configuration.hasLimits ? AttemptLimits(store: attempts) : .off
        let native = NativeDoor(
            service: accounts, reads: reads, history: history, log: log, authenticator: authenticator, master: master,
            settings: NativeDoorSettings(
                origin: parts.origin, maximumUploadBytes: configuration.maximumUploadBytes,
                backupVersions: configuration.backupVersions),
            limits: limits, sealed: sealed, exports: PostgresExports(session),
            control: PostgresProjectionControl(log: log), readiness: { readiness.reasons },
            alarms: { readiness.alarms })
        let audit = AuditDoor(log: sealed, authenticator: authenticator, verifier: parts.signingKey?.verifier)
        let meld = MeldDoor(
            service: accounts, reads: reads, log: log, authenticator: authenticator,
            signatures: RSATokenSignatures(work: work), master: master, root: root,
            settings: MeldDoorSettings(domain: configuration.domain, root: root), limits: limits)
        let misakey = MisakeyDoor(
            service: accounts, reads: reads, log: log, authenticator: authenticator,
            settings: MisakeyDoorSettings(
                decoyKey: configuration.hasMisakeyDecoys ? master.derivedKey("misakey-decoy") : nil),
            limits: limits)
        let server = try HTTPServer(
            configuration: configuration.server, doors: [native, audit, meld, misakey], logger: logger, drain: drain,
            counters: counters,
            requestLog: RequestLines(
                "account-ledger", level: configuration.logLevel, isReadable: isatty(STDERR_FILENO) == 1),
            onListening: onListening)

        // What must not be written to must not be signed either.
        var sealing: [any Service] = parts.refusal == nil ? [SealerService(sealer: sealer)] : []
        if parts.refusal == nil, !configuration.witnesses.isEmpty {
            sealing.append(WitnessService(witnesses: witnesses))
        }
        services =
            [SignalWatch(keyring: keyring, logger: logger), LogService(log: log, work: work)] + sealing + [
                AttemptService(attempts: attempts),
                SwapWatch(configuration: session, reads: reads),
                Housekeeping(
                    session,
                    [
                        PartitionKeeper(),
                        CheckpointThinner(mayWrite: { log.gate.reason == nil }),
                        AttemptSweeper(attempts: attempts),
                        ActivationJanitor(service: accounts, calendar: PostgresActivations(log: log), logger: logger),
                        SpaceEraser(service: accounts, reads: reads),
                        ErasureKeeper(mayWrite: { log.gate.reason == nil }, logger: logger),
                        KeyringKeeper(keyring, logger: logger),
                    ], logger: logger),
                server,
            ]
    }

    private static func sealer(
        _ configuration: LedgerConfiguration, _ parts: Parts, _ session: PostgresConfiguration,
        _ appended: AppendedLeaves, logger: Logger
    ) -> Sealer {
        var sealing = SealerConfiguration(session: session, origin: parts.origin, key: parts.signingKey)
        let file = CheckpointFile(directory: configuration.checkpointDirectory)
        sealing.former = parts.formerKeys
        sealing.appended = appended
        sealing.standbys = configuration.standbys
        sealing.keep = { try file.save($0) }
        if sealing.key == nil { logger.warning("LEDGER_SIGNING_KEY is not set: this gateway does not seal the log") }
        return Sealer(sealing, logger: logger)
    }

    static func session(_ url: String) -> PostgresConfiguration {
        PostgresConfiguration(url: url, applicationName: "account-ledger gateway")
    }
}

/// The log's own life: it follows what others append until the doors are shut, then works off its queue.
private struct LogService: Service {
    let log: PostgresLog
    let work: SlowWork

    func run() async throws {
        await cancelWhenGracefulShutdown { await log.run() }
        await work.shutdown()
        await log.close()
    }
}
