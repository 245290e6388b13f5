import Logging
import PostgresClient
import PostgresLedger
import PostgresTransparency
import Transparency
import Verification

/// What every role does with its database before it begins: connect, look at the schema, compare the keys.
enum Database {
    /// A database that fits: its schema is ours and its keys are the ones at hand.
    ///
    /// - Returns: the log's name.
    /// - Throws: `CommandFailure`: 69 when it cannot be reached, 78 when it does not fit.
    static func check(
        _ session: PostgresConfiguration, secrets: LedgerSecrets, origin: String?, logger: Logger
    ) async throws -> String {
        try await onThread {
            try explained {
                let connection = try PostgresConnection(session)
                defer { connection.close() }
                try Migrator(logger: logger).check(on: connection)
                return try LogOpening(keys: secrets.keys).check(
                    origin: origin, mayBeAhead: true, on: connection)
            }
        }
    }

    /// Compares the signing key with the log's newest checkpoint.
    ///
    /// - Throws: `CommandFailure`: 69 when the database cannot be reached, 78 when another key signed it.
    static func check(_ key: SigningKey, _ former: FormerKeys, _ session: PostgresConfiguration) async throws {
        try await onThread {
            try explained {
                let connection = try PostgresConnection(session)
                defer { connection.close() }
                try SigningKeyCheck.check(key, former: former, on: connection)
            }
        }
    }

    /// Runs `body`, and makes one line and an exit code of what goes wrong in it.
    static func explained<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch { throw explain(error) }
    }

    /// What an error of the database means to who started the program.
    static func explain(_ error: any Error) -> any Error {
        switch error {
        case let error as MigrationFailure:
            if error.passes { return CommandFailure(.temporary, error.description) }
            if case .failed = error { return CommandFailure(.failure, error.description) }
            return CommandFailure(.configuration, error.description)
        case let error as VerificationFailure: return CommandFailure(.configuration, error.description)
        case let error as SigningKeyMismatch: return CommandFailure(.configuration, error.description)
        case let error as LogMismatch: return CommandFailure(.configuration, error.description)
        case let error as PostgresError:
            switch error.kind {
            case .connection, .timeout, .closed, .overloaded, .cancelled:
                return CommandFailure(.unavailable, "the database cannot be reached: \(printable(error.message))")
            case .server where error.sqlState == "42501":
                return CommandFailure(
                    .configuration, "the database role lacks a right: \(printable(error.message))")
            case .server, .decoding:
                return CommandFailure(.failure, "the database refused: \(printable(error.description))")
            }
        default: return error
        }
    }
}
