import AccountDomain
import Accounts
import PostgresClient
import PostgresLedger

// Lists are as fresh as what was acknowledged before they were asked for.

extension PostgresReadModels {
    /// How long a list waits for its lanes.
    private static var listPatience: Duration { .seconds(5) }

    /// Waits until a read model includes everything acknowledged so far, or is as fresh as the client wants.
    ///
    /// - Returns: the version that answers, and the position up to which rows are shown.
    func freshness<Statements>(
        of model: ActiveModel<Statements>, _ page: PageRequest
    ) async throws -> (ActiveModel<Statements>.Chosen, upTo: Int64) {
        let head = try await PostgresHistory(log: log).head().position
        if let wanted = page.minimumPosition, wanted > head { throw Failure.unavailable(retryAfterSeconds: 1) }
        let patience = page.maximumLagMilliseconds.map { Duration.milliseconds($0) } ?? Self.listPatience
        let deadline = ContinuousClock.now + min(patience, Self.listPatience)
        while true {
            let chosen = try await model.chosen()
            var complete: Int64?
            if let chosen {
                var parameters = PostgresParameters()
                parameters.append(log.number)
                parameters.append(model.name)
                parameters.append(head)
                parameters.append(chosen.version)
                let rows = try await log.reader.query(ReadStatements.findLag, parameters)
                model.note(rows.isNull(0, 3) ? nil : try rows.int32(0, 3))
                if try !rows.bool(0, 1) { return (chosen, head) }
                complete = try rows.int64(0, 2)
            }
            guard ContinuousClock.now < deadline else {
                guard let chosen, let complete, page.maximumLagMilliseconds != nil,
                    complete >= page.minimumPosition ?? 0
                else { throw Failure.unavailable(retryAfterSeconds: 1) }
                return (chosen, complete)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Rows of a list.
    ///
    /// - Throws: `Failure.unavailable` when the tables are of another form, or were dropped this moment: the rebuild
    ///   that the program has asked for is not done yet.
    func listed<Statements>(
        _ statement: PostgresStatement, _ parameters: PostgresParameters, of model: ActiveModel<Statements>
    ) async throws -> PostgresRows {
        do throws(PostgresError) { return try await log.reader.query(statement, parameters) } catch {
            guard [PostgresError.undefinedTable, PostgresError.undefinedColumn].contains(error.sqlState) else {
                throw error
            }
            model.forget()
            throw Failure.unavailable(retryAfterSeconds: 1)
        }
    }

    func list<Statements>(
        _ statement: PostgresStatement, _ page: PageRequest, _ upTo: Int64, of model: ActiveModel<Statements>
    ) async throws -> PostgresRows {
        var parameters = PostgresParameters()
        parameters.append(page.after)
        parameters.append(Int32(page.limit + 1))
        parameters.append(log.number)
        parameters.append(upTo)
        return try await listed(statement, parameters, of: model)
    }
}

extension PostgresError {
    static let undefinedTable = "42P01"
    static let undefinedColumn = "42703"
}
