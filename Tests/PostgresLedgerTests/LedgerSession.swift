/// A connection to the database under test.
///
/// The statements of these suites speak text both ways, so that they test the SQL and not how arrays travel.
protocol LedgerSession: Sendable {
    /// The rows of one statement, whose columns are all of type text and not NULL.
    func rows(_ sql: String) async throws -> [[String]]

    /// The SQLSTATE of an error that `rows` threw; nil when it did not come from the server.
    func sqlState(of error: any Error) -> String?
}

extension LedgerSession {
    /// Executes a statement and forgets its rows.
    func run(_ sql: String) async throws {
        _ = try await rows(sql)
    }

    /// The only column of the only row.
    func value(_ sql: String) async throws -> String? {
        try await rows(sql).first?.first
    }

    /// Executes a statement and answers how it was refused; nil when it was not.
    func refusal(of sql: String) async throws -> String? {
        do {
            try await run(sql)
            return nil
        } catch {
            guard let state = sqlState(of: error) else { throw error }
            return state
        }
    }
}
