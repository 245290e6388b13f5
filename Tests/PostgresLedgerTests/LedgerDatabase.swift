import PostgresClient
import Synchronization
import TestSupport

/// Sessions on databases of their own, as superuser, for the tests of the SQL.
enum LedgerDatabase {
    static func session() async throws -> any LedgerSession { try Session(TestDatabase.make()) }

    private final class Session: LedgerSession {
        private let connection: Mutex<PostgresConnection>

        init(_ database: TestDatabase) throws {
            connection = Mutex(try PostgresConnection(database.configuration()))
        }

        func rows(_ sql: String) async throws -> [[String]] {
            try connection.withLock { connection in
                let rows = try connection.query(PostgresStatement(sql))
                return try (0..<rows.count).map { row in
                    try (0..<rows.columnCount).map { try rows.string(row, $0) }
                }
            }
        }

        func sqlState(of error: any Error) -> String? {
            guard let error = error as? PostgresError, error.kind == .server else { return nil }
            return error.sqlState
        }
    }
}
