import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit
import Synchronization

/// Builds one version of a read model beside the one that answers, and puts it in its place (docs/projections.md).
///
/// Every transaction that keeps something names the rebuild's worker, so that one that was given up commits nothing.
final class RebuildBuilder {
    let setup: ProjectorSetup
    let settings: RebuildSettings
    let state: ProjectorState
    let job: RebuildJob
    let progress: RebuildProgress

    init(
        _ setup: ProjectorSetup, _ settings: RebuildSettings, _ state: ProjectorState, _ job: RebuildJob,
        _ progress: RebuildProgress
    ) {
        self.setup = setup
        self.settings = settings
        self.state = state
        self.job = job
        self.progress = progress
    }

    /// Goes on from wherever the rebuild is, to its end.
    ///
    /// - Throws: ``RebuildFailure``, ``RebuildInterruption``, `PostgresError`, `EventCodingError`.
    func run() throws {
        let connection = try PostgresConnection(session)
        defer { connection.close() }
        let target = try job.target ?? begin(on: connection)
        if try isBuilding(target, on: connection) {
            let written = try buildRanges(target, on: connection)
            try finish(target, written, on: connection)
        }
        guard !job.isScratch else { return }
        state.ring()
        try RebuildSwap(self, target).run(on: connection)
    }

    private var session: PostgresConfiguration {
        var session = setup.configuration
        session.applicationName = RebuildJob.sessionName(of: job.worker)
        session.synchronousCommit = "off"
        session.statementTimeoutMilliseconds = 0
        session.idleInTransactionTimeoutMilliseconds = 60_000
        session.session["jit"] = "off"
        return session
    }

    /// The session of a thread that folds: the log is read along its index, never as a whole.
    private var rangeSession: PostgresConfiguration {
        var session = session
        session.statementTimeoutMilliseconds = 120_000
        session.session.merge(setup.workerConfiguration.session) { own, _ in own }
        return session
    }

    // MARK: Begin

    /// Makes the version and its tables, without indexes.
    private func begin(on connection: PostgresConnection) throws -> RebuildJob.Target {
        try connection.transaction { connection in
            try Projections.lockRegistration(on: connection)
            let head = try findHead(on: connection)
            var name = PostgresParameters()
            name.append(job.name)
            let version = try connection.query(Statement.nextVersion, name).int32(0, 0)
            let target = RebuildJob.Target(version: version, head: min(head, job.upTo ?? head))
            let suffix = job.suffix(target)
            let schema = ProjectionSQL.text(job.projection.sql.schema, suffix: suffix)
            do throws(PostgresError) {
                try connection.execute(script: schema)
            } catch {
                guard job.isScratch, error.sqlState == "42P07" else { throw error }
                throw RebuildFailure(text: "there is a scratch version of position \(target.head) already")
            }
            try Projections.add(
                job.projection, version, state: "building", builtTo: target.head, suffix: suffix, on: connection)
            var begun = PostgresParameters()
            begun.append(job.id)
            begun.append(job.worker)
            begun.append(version)
            begun.append(target.head)
            try connection.query(Statement.beginRebuild, begun)
            try guardOwnership(on: connection)
            setup.logger.notice("rebuild begins", metadata: metadata(target))
            return target
        }
    }

    private func isBuilding(_ target: RebuildJob.Target, on connection: PostgresConnection) throws -> Bool {
        var name = PostgresParameters()
        name.append(job.name)
        let versions = try connection.query(Statement.findVersions, name)
        for row in 0..<versions.count where try versions.int32(row, 0) == target.version {
            return try versions.string(row, 1) == "building"
        }
        throw RebuildFailure(text: "the version under construction is gone")
    }

    // MARK: Ranges

    /// What was written in all, by the notes of the ranges.
    struct Written {
        var rows: Int64 = 0
        var versions: Int64 = 0
    }

    private func buildRanges(
        _ target: RebuildJob.Target, on connection: PostgresConnection
    ) throws -> Written {
        let done = try findRanges(on: connection).map(\.range)
        progress.begin(head: target.head, finished: done.map(\.share).reduce(0, +))
        let threads = target.head < 20_000 ? 1 : job.jobs
        let queue = RangeQueue(StreamRange.missing(beside: done), threads: threads)
        let team = RangeTeam(threads: threads, memoryBytes: job.memoryBytes)
        let running = (0..<threads).map { [setup, settings, job, progress, rangeSession] number in
            DedicatedThread(name: "rebuild \(number)") {
                do {
                    let connection = try PostgresConnection(rangeSession)
                    defer { connection.close() }
                    let worker = RangeWorker(
                        number: number, setup: setup, chunkRows: settings.chunkRows, job: job, target: target,
                        progress: progress, queue: queue, team: team)
                    try worker.run(on: connection)
                } catch {
                    team.fail(error)
                }
            }
        }
        for thread in running { thread.join() }
        MemoryGauge.trim()
        if let error = team.error { throw error }
        var written = Written()
        for note in try findRanges(on: connection) {
            written.rows += note.rows
            written.versions += note.versions
        }
        return written
    }

    private func findRanges(
        on connection: PostgresConnection
    ) throws -> [(range: StreamRange, rows: Int64, versions: Int64)] {
        var parameters = PostgresParameters()
        parameters.append(job.id)
        let rows = try connection.query(Statement.findRanges, parameters)
        return try (0..<rows.count).map { row in
            (
                StreamRange(first: try rows.uuid(row, 0).high, last: try rows.uuid(row, 1).high),
                try rows.int64(row, 2), try rows.int64(row, 3)
            )
        }
    }

    // MARK: Finish

    /// Makes the indexes, sees to it that nothing was lost on the way, and hands the version to the projectors.
    private func finish(
        _ target: RebuildJob.Target, _ written: Written, on connection: PostgresConnection
    ) throws {
        let suffix = job.suffix(target)
        let sql = job.projection.sql
        try connection.transaction { connection in
            // Rows are found by keys, never by how values are spread: a small sample tells how many there are.
            try connection.execute(
                script: """
                    SET LOCAL ROLE ledger_projector;
                    SET LOCAL maintenance_work_mem = '128MB';
                    SET LOCAL default_statistics_target = 10;
                    """)
            try connection.execute(script: ProjectionSQL.text(sql.indexes, suffix: suffix))
            try connection.execute(script: sql.tables(suffix: suffix).map { "ANALYZE \($0);" }.joined())
            try verify(written, suffix, on: connection)
            var built = PostgresParameters()
            built.append(job.name)
            built.append(target.version)
            built.append(job.isScratch ? "scratch" : "standby")
            built.append(target.head)
            try connection.query(Statement.setBuilt, built)
            if job.isScratch {
                try end(on: connection)
            } else {
                try Projections.addLanes(job.name, target.version, at: target.head, on: connection)
                try guardOwnership(on: connection)
            }
        }
        setup.logger.info(job.isScratch ? "scratch version built" : "rebuild is built", metadata: metadata(target))
    }

    private func verify(_ written: Written, _ suffix: String, on connection: PostgresConnection) throws {
        guard let main = BulkLoad(job.projection.sql.upsert), main.columns.contains("version") else { return }
        let counted = try RowCount(ProjectionSQL.text(main.table, suffix: suffix), on: connection)
        guard counted.rows == written.rows, counted.versions == written.versions else {
            throw RebuildFailure(
                text: "\(written.rows) rows were written, but \(counted.rows) are there, or their versions differ")
        }
    }

    // MARK: For the swap too

    func end(on connection: PostgresConnection) throws {
        var ended = PostgresParameters()
        ended.append(job.id)
        ended.append(job.worker)
        ended.append("finished")
        ended.appendNull(.text)
        guard try connection.query(Statement.endRebuild, ended).affected == 1 else { throw RebuildInterruption() }
    }

    func guardOwnership(on connection: PostgresConnection) throws {
        try job.guardOwnership(on: connection)
    }

    func metadata(_ target: RebuildJob.Target) -> Logger.Metadata {
        ["projection": "\(job.name)", "version": "\(target.version)", "position": "\(target.head)"]
    }

    private func findHead(on connection: PostgresConnection) throws -> Int64 {
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        let rows = try connection.query(Statement.findHead, parameters)
        return rows.count > 0 ? try rows.int64(0, 0) : 0
    }
}

extension RebuildJob {
    /// - Throws: ``RebuildInterruption`` when the rebuild ended, or belongs to somebody else by now.
    func guardOwnership(on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(id)
        parameters.append(worker)
        guard try connection.query(Statement.guardRebuild, parameters).affected == 1 else {
            throw RebuildInterruption()
        }
    }
}

/// What the threads of one rebuild share: how much memory they may use together, and what went wrong first.
final class RangeTeam: Sendable {
    private let memoryLimit: Int
    /// How much a thread reads between two looks at the memory: a look may take milliseconds.
    let bytesUnseen: Int
    /// What the rows may take that a thread reads at one time.
    let bytesAtOnce: Int
    private let failure = Mutex<(any Error)?>(nil)

    init(threads: Int, memoryBytes: Int) {
        memoryLimit = MemoryGauge.usedBytes + memoryBytes * 17 / 20
        bytesUnseen = memoryBytes / 20
        bytesAtOnce = min(8 << 20, memoryBytes / 20 / threads)
    }

    var isTight: Bool { MemoryGauge.isUsing(moreThan: memoryLimit) }

    var error: (any Error)? { failure.withLock { $0 } }

    /// The first reason counts; the others give up because of it.
    func fail(_ error: any Error) { failure.withLock { $0 = $0 ?? error } }
}

/// Rows of a table and the sum of their versions: equal figures speak for equal tables.
struct RowCount: Equatable {
    let rows: Int64
    let versions: Int64

    init(_ table: String, where condition: String = "true", on connection: PostgresConnection) throws {
        let found = try connection.query(
            Statement.onTable(PackageResources.count_rows_sql, table, condition: condition, []))
        rows = try found.int64(0, 0)
        versions = try found.int64(0, 1)
    }
}
