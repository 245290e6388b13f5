import PostgresLedger
import ServiceLifecycle

/// Removes counters of attempts that say nothing any more, so that their table stays as small as the present siege.
struct AttemptSweeper: Service {
    private static let pause: Duration = .seconds(60)

    let attempts: PostgresAttempts

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.pause)
                // Rows that stay because the database is away go with the next sweep.
                if !Task.isCancelled { try? await attempts.sweep() }
            }
        }
        await attempts.close()
    }
}
