public import AccountDomain
public import Accounts
import PostgresClient
public import PostgresLedger

/// What operators ask projectors for, as rows of `ledger.rebuilds` and `ledger.parked`.
public struct PostgresProjectionControl: ProjectionControl {
    private let log: PostgresLog

    /// How long a retry is waited for.
    private static let patience = Duration.seconds(5)

    /// The control of the projectors of a log.
    public init(log: PostgresLog) { self.log = log }

    /// Asks for a rebuild.
    public func requestRebuild(_ request: RebuildRequest) async throws(Failure) -> RequestedRebuild {
        do {
            var name = PostgresParameters()
            name.append(request.name)
            guard try await log.reader.query(ReadStatements.findActive, name).count > 0 else { throw Failure.notFound }
            var position: Int64?
            if let moment = request.moment { position = try await PostgresHistory(log: log).position(at: moment) }
            var generator = SystemRandomNumberGenerator()
            let id = RebuildID.random(using: &generator)
            while true {
                var parameters = PostgresParameters()
                parameters.append(id)
                parameters.append(request.name)
                if let position { parameters.append(position) } else { parameters.appendNull(.int8) }
                if let jobs = request.jobs {
                    parameters.append(Int32(clamping: jobs))
                } else {
                    parameters.appendNull(.int4)
                }
                if let bytes = request.memoryBytes {
                    parameters.append(Int64(bytes))
                } else {
                    parameters.appendNull(.int8)
                }
                if try await log.reader.query(ReadStatements.requestRebuild, parameters).affected == 1 {
                    return .requested(id)
                }
                let running = try await log.reader.query(ReadStatements.findRunningRebuild, name)
                // It may have ended between the two.
                if running.count > 0 { return .running(try running.id(0, 0)) }
            }
        } catch { throw Failure(error) }
    }

    /// A rebuild as it is now.
    public func rebuild(_ id: RebuildID) async throws(Failure) -> RebuildStatus {
        do {
            var parameters = PostgresParameters()
            parameters.append(id)
            let rows = try await log.reader.query(ReadStatements.findRebuild, parameters)
            guard rows.count > 0 else { throw Failure.notFound }
            var status = RebuildStatus(
                id: id, name: try rows.string(0, 1), state: try rows.string(0, 3), done: try rows.int64(0, 4),
                requestedAt: try rows.moment(0, 9))
            if !rows.isNull(0, 2) { status.version = Int(try rows.int32(0, 2)) }
            if !rows.isNull(0, 5) { status.total = try rows.int64(0, 5) }
            if !rows.isNull(0, 6) { status.rate = try rows.double(0, 6) }
            if !rows.isNull(0, 7) { status.error = try rows.string(0, 7) }
            if !rows.isNull(0, 8) { status.position = try rows.int64(0, 8) }
            if !rows.isNull(0, 10) { status.finishedAt = try rows.moment(0, 10) }
            return status
        } catch { throw Failure(error) }
    }

    /// Ends a rebuild.
    public func cancelRebuild(_ id: RebuildID) async throws(Failure) {
        do {
            var parameters = PostgresParameters()
            parameters.append(id)
            if try await log.reader.query(ReadStatements.cancelRebuild, parameters).affected == 1 { return }
        } catch { throw Failure(error) }
        let status = try await rebuild(id)
        guard status.state == "cancelled" else { throw .conflict("The rebuild has ended already.") }
    }

    /// Streams that are parked.
    public func parkedStreams(
        limit: Int
    ) async throws(Failure) -> [(projection: String, parked: ProjectionStatus.Parked)] {
        do {
            var parameters = PostgresParameters()
            parameters.append(log.number)
            parameters.append(Int32(clamping: limit))
            let rows = try await log.reader.query(ReadStatements.findAllParked, parameters)
            return try (0..<rows.count).map { row in
                let parked = ProjectionStatus.Parked(
                    stream: try rows.id(row, 1), position: try rows.int64(row, 2),
                    type: rows.isNull(row, 5) ? nil : try rows.string(row, 5), error: try rows.string(row, 3),
                    attempts: Int(try rows.int32(row, 4)))
                return (try rows.string(row, 0), parked)
            }
        } catch { throw Failure(error) }
    }

    /// Has a parked stream folded again.
    public func retryParked(
        _ stream: StreamID, of projection: String
    ) async throws(Failure) -> ProjectionStatus.Parked? {
        do {
            guard let before = try await parked(stream, of: projection) else { throw Failure.notFound }
            _ = try await log.reader.query(ReadStatements.retryParked, key(stream, projection))
            let deadline = ContinuousClock.now + Self.patience
            while ContinuousClock.now < deadline {
                guard let now = try await parked(stream, of: projection) else { return nil }
                if now.attempts > before.attempts { return now }
                try await Task.sleep(for: .milliseconds(20))
            }
            return try await parked(stream, of: projection)
        } catch { throw Failure(error) }
    }

    private func parked(_ stream: StreamID, of projection: String) async throws -> ProjectionStatus.Parked? {
        let rows = try await log.reader.query(ReadStatements.findParked, key(stream, projection))
        guard rows.count > 0 else { return nil }
        return ProjectionStatus.Parked(
            stream: stream, position: try rows.int64(0, 0), type: rows.isNull(0, 3) ? nil : try rows.string(0, 3),
            error: try rows.string(0, 1), attempts: Int(try rows.int32(0, 2)))
    }

    private func key(_ stream: StreamID, _ projection: String) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(log.number)
        parameters.append(projection)
        parameters.append(stream)
        return parameters
    }
}
