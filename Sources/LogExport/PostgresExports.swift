public import Accounts
import AccountDomain
import EventCoding
public import PostgresClient
import PostgresLedger
import StrictJSON
import Synchronization

/// Exports of a log on PostgreSQL, each on a connection of its own.
public struct PostgresExports: LogExports {
    private let session: PostgresConfiguration
    private let log: Int16

    /// The exports of a log.
    ///
    /// - Parameters:
    ///   - session: how to connect, as a user who may read the log and the wrapped keys.
    ///   - log: which log.
    public init(_ session: PostgresConfiguration, log: Int16 = 0) {
        var session = session
        session.applicationName = "account-ledger export"
        // Putting the keys and reservations of millions aside takes its time.
        session.statementTimeoutMilliseconds = 600_000
        self.session = session
        self.log = log
    }

    /// Begins an export behind a position.
    public func begin(after position: Int64) async throws(Failure) -> any LogExport {
        let thread = PostgresThread(session, name: "export")
        do {
            let log = log
            let start = try await thread.perform { connection in try ExportReading.start(log, on: connection) }
            guard let start else { throw Failure.fault("there is no log in this database") }
            guard position >= 0, position <= start.head else { throw Failure.beyondHead }
            return PostgresExport(thread, log: log, start: start, after: position)
        } catch {
            await thread.close()
            throw Failure(error)
        }
    }
}
