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

    /// The activations of a log.
    public init(log: PostgresLog) { self.log = log }

    /// Activations that closed before a moment and are not forgotten yet, the oldest first.
    public func closed(before moment: Moment, limit: Int) async throws(Failure) -> [ActivationID] {
        var parameters = PostgresParameters()
        parameters.append(optional: moment)
        parameters.append(Int64(limit))
        do {
            let rows = try await log.reader.query(ReadStatements.listClosedActivations, parameters)
            return try (0..<rows.count).map { try rows.id($0, 0) }
        } catch let error as PostgresError where error.sqlState == "42P01" {
            // No projector has made the table yet.
            return []
        } catch { throw Failure(error) }
    }
}
