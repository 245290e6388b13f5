import AccountDomain
import Accounts
import EventCoding
import Glibc
import Logging
import PostgresClient
import PostgresLedger
import Transparency
import Verification

/// The rollback guard (docs/verify.md): a database behind the checkpoint that is kept outside it is not written to.
enum RollbackCheck {
    /// Compares the database with the kept checkpoint at the start of a gateway, and gives the checkpoint up when the
    /// operator says so.
    ///
    /// - Returns: the log's name from now on, and why nothing may be written, or nil when all is well.
    static func settle(
        _ configuration: LedgerConfiguration, _ session: PostgresConfiguration, _ secrets: LedgerSecrets,
        origin: String, accepts: Bool, logger: Logger
    ) async throws -> (origin: String, refusal: String?) {
        let file = CheckpointFile(directory: configuration.checkpointDirectory)
        guard access(file.path, F_OK) == 0 else {
            if accepts { logger.notice("no checkpoint is kept here: there is nothing to give up") }
            return (origin, nil)
        }
        guard let kept = file.read() else {
            throw CommandFailure(
                .configuration,
                "\(file.path) does not hold a checkpoint; put it back from your copy, or remove it to go without")
        }
        guard let reason = try await compare(kept, session, origin: origin) else {
            if accepts { logger.notice("the log extends the kept checkpoint: there is nothing to give up") }
            return (origin, nil)
        }
        guard accepts else {
            logger.critical(
                "nothing is written: the database is not what it was; restore the right one, or start with --accept-rollback",
                metadata: ["found": "\(reason)", "checkpoint": "\(file.path)"])
            return (origin, reason)
        }
        let next = try await give(up: kept, session, secrets, origin: origin, logger: logger)
        logger.critical(
            "a rollback was accepted: the log goes on under another name",
            metadata: ["found": "\(reason)", "abandoned": "\(kept.size)", "origin": "\(next)"])
        return (next, nil)
    }

    /// Why a database that was set back under a running gateway must not be written to; nil when it may.
    static func judge(
        _ configuration: LedgerConfiguration, _ session: PostgresConfiguration, origin: String
    ) async -> String? {
        guard let kept = CheckpointFile(directory: configuration.checkpointDirectory).read() else { return nil }
        do { return try await compare(kept, session, origin: origin) } catch {
            return "the kept checkpoint could not be compared; start the gateway again"
        }
    }

    private static func compare(
        _ kept: Checkpoint, _ session: PostgresConfiguration, origin: String
    ) async throws -> String? {
        try await onThread {
            try Database.explained {
                let connection = try PostgresConnection(session)
                defer { connection.close() }
                let verdict = try RollbackGuard().compare(kept, origin: origin, on: connection)
                return verdict == .extends || verdict == .givenUp ? nil : verdict.sentence(kept)
            }
        }
    }

    /// Appends the event that names what is given up, then gives the log its next name.
    ///
    /// In this order, so that a crash between the two leaves a log that still refuses.
    private static func give(
        up kept: Checkpoint, _ session: PostgresConfiguration, _ secrets: LedgerSecrets, origin: String, logger: Logger
    ) async throws -> String {
        // The kept checkpoint may bear a later name than the database that was put back.
        let (mine, its) = (Origin.parts(origin), Origin.parts(kept.origin))
        let next = Origin.next(after: its.name == mine.name && its.number > mine.number ? kept.origin : origin)
        guard let root = AccountDomain.Digest(bytes: kept.root.bytes) else {
            throw CommandFailure(.configuration, "the kept checkpoint has no root")
        }
        let event = Deployment.Event.originOpened(
            number: Origin.parts(next).number, abandoned: AbandonedCheckpoint(size: kept.size, root: root))
        let log = PostgresLog(
            configuration: PostgresLog.Configuration(), keys: secrets.keys, keyring: secrets.loadedKeyring(),
            writer: PostgresPipeline(session, name: "appender"), reader: PostgresPipeline(session, name: "reader"),
            logger: logger)
        do throws(Failure) {
            _ = try await log.append(command(event))
        } catch {
            await log.close()
            throw CommandFailure(.unavailable, "the rollback could not be recorded; try again")
        }
        await log.close()
        try await onThread {
            try Database.explained {
                let connection = try PostgresConnection(session)
                defer { connection.close() }
                try OriginOpening.open(next, after: origin, on: connection)
            }
        }
        return next
    }

    private static func command(_ event: Deployment.Event) -> LogCommand {
        var generator = SystemRandomNumberGenerator()
        let stream = StreamID.random(using: &generator)
        return LogCommand(
            id: CommandID.random(using: &generator), home: stream, streams: [stream], fresh: [stream],
            meta: EventMeta(actor: Actor(.service), door: .operator, request: RequestID.random(using: &generator)),
            deadline: .now + .seconds(20), authorize: { _ throws(Failure) in },
            decide: { _ throws(Failure) in
                var decision = Decision()
                decision.append([.deployment(event)], to: stream)
                return decision
            })
    }
}
