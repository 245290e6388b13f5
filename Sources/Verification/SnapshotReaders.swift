import PostgresClient
import Synchronization

/// Threads that read side by side, each with a session of its own, all in one snapshot.
struct SnapshotReaders: Sendable {
    let configuration: VerificationConfiguration
    /// As `pg_export_snapshot` named it.
    let snapshot: String

    /// Runs `body` on each thread and waits for them; blocks.
    ///
    /// - Throws: the first failure.
    func run(
        atMost: Int = .max, name: String, _ body: @escaping @Sendable (PostgresConnection) throws -> Void
    ) throws {
        try Crew.run(max(1, min(configuration.jobs, atMost)), name: name) {
            let connection = try PostgresConnection(configuration.readingSession)
            defer { connection.close() }
            try connection.execute(
                script: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET TRANSACTION SNAPSHOT '\(snapshot)'")
            try body(connection)
        }
    }
}

/// Hands out numbers, each once.
final class Counter: Sendable {
    private let next: Mutex<Int64>

    init(_ first: Int64) { next = Mutex(first) }

    func take() -> Int64 {
        next.withLock { next in
            defer { next += 1 }
            return next
        }
    }
}
