import Glibc
import PostgresClient
import PostgresLedger

/// The way of an operator's command to the database: as the owner of its tables.
///
/// That is LEDGER_OWNER_URL, or else the private cluster of an `up` that runs in LEDGER_HOME.
enum OperatorDatabase {
    /// A session whose role is the owner's.
    ///
    /// - Throws: `ConfigurationFailure` when neither is there, `PostgresError`.
    static func connect(_ configuration: LedgerConfiguration, for command: String) throws -> PostgresConnection {
        let connection = try PostgresConnection(Migrator.session(url: url(configuration, for: command)))
        try connection.execute(script: "SET ROLE ledger_owner")
        return connection
    }

    /// Whether the command works beside an `up`, with the keys of its home.
    static func isBesideUp(_ configuration: LedgerConfiguration) -> Bool {
        configuration.value("LEDGER_OWNER_URL") == nil
    }

    private static func url(_ configuration: LedgerConfiguration, for command: String) throws -> String {
        if let url = configuration.value("LEDGER_OWNER_URL") { return url }
        // What a running server tells of itself: its socket's directory in the fifth line, its port in the fourth.
        let path = "\(configuration.home)/postgres/data/postmaster.pid"
        guard let content = try? SmallFile.read(path) else {
            return try configuration.required(
                "LEDGER_OWNER_URL", for: "\(command), unless an `up` runs in LEDGER_HOME,")
        }
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 4, !lines[4].isEmpty, Int(lines[3]) != nil else {
            throw CommandFailure(.temporary, "the database of \(configuration.home) is starting or ending")
        }
        let directory = String(lines[4]).replacingQuotes()
        return "host='\(directory)' port=\(lines[3]) user=postgres dbname=ledger"
    }
}

extension String {
    /// As it stands between single quotes in a connection string.
    fileprivate func replacingQuotes() -> String {
        var quoted = ""
        for character in self {
            if character == "'" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted
    }
}
