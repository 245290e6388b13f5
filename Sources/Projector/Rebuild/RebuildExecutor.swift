import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit
import Synchronization

/// Looks for rebuilds that somebody asked for, does them one after the other, and drops versions that nobody needs.
///
/// Its own thread only says that the work is alive; the work is done on others. A process that is not heard of any more
/// loses its rebuild to the next one that looks.
final class RebuildExecutor {
    private static let pollMilliseconds = 500
    private static let cleaningMilliseconds: Int64 = 30_000

    private let setup: ProjectorSetup
    private let settings: RebuildSettings
    private let state: ProjectorState
    private let bell = Bell()
    private var lastCleaning: Int64 = 0

    init(_ setup: ProjectorSetup, _ settings: RebuildSettings, _ state: ProjectorState) {
        self.setup = setup
        self.settings = settings
        self.state = state
    }

    /// Works until the projector stops.
    func run() {
        state.addSleeper(bell)
        var pause = Backoff()
        while !state.isStopping {
            do {
                let connection = try PostgresConnection(session)
                defer { connection.close() }
                while !state.isStopping {
                    let didWork = try work(on: connection)
                    pause.reset()
                    if !didWork { bell.wait(milliseconds: Self.pollMilliseconds) }
                }
            } catch {
                guard !state.isStopping else { return }
                setup.logger.warning("rebuilds cannot be looked for", metadata: ["error": "\(Self.describe(error))"])
                bell.wait(milliseconds: pause.next())
            }
        }
    }

    private var session: PostgresConfiguration {
        var session = setup.configuration
        session.applicationName = "account-ledger rebuilds"
        session.synchronousCommit = "off"
        return session
    }

    private func work(on connection: PostgresConnection) throws -> Bool {
        if Pace.nowMilliseconds - lastCleaning >= Self.cleaningMilliseconds {
            lastCleaning = Pace.nowMilliseconds
            try VersionCleaner(setup: setup, keepSeconds: settings.keepSeconds).run(on: connection)
        }
        guard let (job, previous) = try take(on: connection) else { return false }
        if let previous { try endSessions(of: previous, on: connection) }
        defer { lastCleaning = 0 }
        try work(job, on: connection)
        return true
    }

    private func take(on connection: PostgresConnection) throws -> (RebuildJob, previous: StreamID?)? {
        var generator = SystemRandomNumberGenerator()
        let worker = StreamID.random(using: &generator)
        var parameters = PostgresParameters()
        parameters.append(worker)
        parameters.append(settings.leaseMilliseconds)
        parameters.append(array: setup.projections.map(\.name))
        parameters.append(array: setup.projections.map(\.version))
        let rows = try connection.query(Statement.takeRebuild, parameters)
        guard rows.count > 0 else { return nil }
        let name = try rows.string(0, 1)
        guard let projection = setup.projections.first(where: { $0.name == name }) else { return nil }
        var job = RebuildJob(
            id: try rows.id(0, 0), worker: worker, projection: projection,
            upTo: rows.isNull(0, 4) ? nil : try rows.int64(0, 4),
            jobs: rows.isNull(0, 6) ? settings.jobs : max(1, Int(try rows.int32(0, 6))),
            memoryBytes: rows.isNull(0, 7) ? settings.memoryBytes : Int(try rows.int64(0, 7)))
        if !rows.isNull(0, 2), !rows.isNull(0, 5) {
            job.target = RebuildJob.Target(version: try rows.int32(0, 2), head: try rows.int64(0, 5))
        }
        return (job, rows.isNull(0, 8) ? nil : try rows.id(0, 8))
    }

    /// A process that froze may hold locks on the tables for as long as its sessions live.
    private func endSessions(of worker: StreamID, on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(RebuildJob.sessionName(of: worker))
        try connection.query(Statement.endSessions, parameters)
    }

    private func work(_ job: RebuildJob, on connection: PostgresConnection) throws {
        let progress = RebuildProgress()
        let result = Mutex<Result<Void, any Error>?>(nil)
        let finished = bell
        let thread = DedicatedThread(name: "rebuild") { [setup, settings, state] in
            let outcome = Result { try RebuildBuilder(setup, settings, state, job, progress).run() }
            result.withLock { $0 = outcome }
            finished.ring()
        }
        var isOurs = true
        while result.withLock({ $0 == nil }) {
            bell.wait(milliseconds: min(Self.pollMilliseconds, Int(settings.leaseMilliseconds) / 4))
            if state.isStopping { progress.stop() }
            // What cannot be said may be that it was cancelled: then it stops, and somebody looks again.
            if isOurs, (try? beat(job, progress, on: connection)) != true {
                isOurs = false
                progress.stop()
            }
        }
        thread.join()
        let outcome = result.withLock { $0 } ?? .success(())
        do { try outcome.get() } catch { try settle(job, error, on: connection) }
    }

    private func beat(
        _ job: RebuildJob, _ progress: RebuildProgress, on connection: PostgresConnection
    ) throws -> Bool {
        let now = progress.now
        var parameters = PostgresParameters()
        parameters.append(job.id)
        parameters.append(job.worker)
        parameters.append(now.done)
        parameters.append(now.rate)
        if try connection.query(Statement.beatRebuild, parameters).affected == 1 { return true }
        return false
    }

    /// What becomes of a rebuild that did not come to its end.
    private func settle(_ job: RebuildJob, _ error: any Error, on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(job.id)
        parameters.append(job.worker)
        guard let reason = Self.reason(error) else {
            if !(error is RebuildInterruption) {
                setup.logger.warning(
                    "a rebuild has to go on later",
                    metadata: ["projection": "\(job.name)", "error": "\(Self.describe(error))"])
            }
            try connection.query(Statement.releaseRebuild, parameters)
            if !(error is RebuildInterruption) { bell.wait(milliseconds: 1_000) }
            return
        }
        setup.logger.error("rebuild failed", metadata: ["projection": "\(job.name)", "error": "\(reason)"])
        parameters.append("failed")
        parameters.append(reason)
        try connection.query(Statement.endRebuild, parameters)
    }

    /// Why it would fail again, too; nil when it is worth another attempt.
    private static func reason(_ error: any Error) -> String? {
        switch error {
        case let failure as RebuildFailure: return failure.text
        case is RebuildInterruption: return nil
        // The keyring lags behind a rotation, or its file lacks a key; neither is the log's fault.
        case EventCodingError.unknownEpoch: return nil
        case let error as EventCodingError: return error.description
        case let error as PostgresError:
            let passing = ["08", "40", "53", "55", "57"].contains { error.sqlState.hasPrefix($0) }
            return error.kind == .server && !passing ? "the database refused: \(error.sqlState)" : nil
        default: return nil
        }
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        case let error as PostgresError: error.description
        case let error as EventCodingError: error.description
        default: "\(type(of: error))"
        }
    }
}

/// Drops the tables of versions that nobody needs any more.
struct VersionCleaner {
    let setup: ProjectorSetup
    let keepSeconds: Int32

    func run(on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(keepSeconds)
        let rows = try connection.query(Statement.findDroppable, parameters)
        for row in 0..<rows.count {
            let name = try rows.string(row, 0)
            let version = try rows.int32(row, 1)
            var tables = rows.isNull(row, 2) ? [] : try rows.string(row, 2).split(separator: " ").map(String.init)
            if tables.isEmpty {
                // Made by a program that did not note them.
                tables = setup.projections.first { $0.name == name }?.sql.tables(suffix: "\(version)") ?? []
            }
            try drop(name, version, tables, on: connection)
        }
    }

    private func drop(
        _ name: String, _ version: Int32, _ tables: [String], on connection: PostgresConnection
    ) throws {
        do {
            try connection.transaction { connection in
                try Projections.lockRegistration(on: connection)
                var parameters = PostgresParameters()
                parameters.append(name)
                parameters.append(version)
                // The lanes go first: a step on them is waited for, and none begins afterwards.
                guard try connection.query(Statement.dropVersion, parameters).affected == 1 else { return }
                for table in tables { try connection.execute(script: "DROP TABLE IF EXISTS \(table)") }
            }
            setup.logger.info("version dropped", metadata: ["projection": "\(name)", "version": "\(version)"])
        } catch let error as PostgresError where error.sqlState == "55P03" || error.sqlState == "40P01" {
            // Somebody reads it at the moment; there is time.
        }
    }
}
