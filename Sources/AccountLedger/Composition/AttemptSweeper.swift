import Logging
import PostgresClient
import PostgresLedger
import ServiceLifecycle

/// Removes counters of attempts that say nothing any more, so that their table stays as small as the present siege.
struct AttemptSweeper: Chore {
    let pause: Duration = .seconds(60)
    /// Rows that stay because the database is away go with the next sweep.
    let trouble: Logger.Message? = nil
    let attempts: PostgresAttempts

    func round(_ thread: PostgresThread) async throws { try await attempts.sweep() }
}

/// Ends the connection of the counters of attempts, when nobody counts any more.
struct AttemptService: Service {
    let attempts: PostgresAttempts

    func run() async throws {
        try? await gracefulShutdown()
        await attempts.close()
    }
}
