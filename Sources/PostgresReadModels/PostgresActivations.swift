public import AccountDomain
public import Accounts
import EventCoding
import PostgresClient
public import PostgresLedger

/// Finds closed activations by an index of their read model, never by a walk through the log.
///
/// It may be behind: an activation that is not found yet is found the next time.
public struct PostgresActivations: ActivationCalendar {
    private let log: PostgresLog
    private let model: ActiveModel<ReadStatements.Activations>

    /// The activations of a log.
    public init(log: PostgresLog) {
        self.log = log
        model = ActiveModel("activations", fold: 1, log: log) { .init($0) }
    }

    /// Activations that closed before a moment and are not forgotten yet, the oldest first.
    public func closed(before moment: Moment, limit: Int) async throws(Failure) -> [ActivationID] {
        var parameters = PostgresParameters()
        parameters.append(optional: moment)
        parameters.append(Int64(limit))
        do {
            // Asked for rarely, so the version that answers is asked for as well.
            model.forget()
            guard let statements = try await model.chosen()?.statements else { return [] }
            let rows = try await log.reader.query(statements.listClosed, parameters)
            return try (0..<rows.count).map { try rows.id($0, 0) }
        } catch let error as PostgresError where error.sqlState == "42P01" {
            // No projector has made the table yet, or it was just dropped.
            return []
        } catch { throw Failure(error) }
    }
}
