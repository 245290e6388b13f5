internal import CPostgres

/// Where the database is and how a session there behaves.
public struct PostgresConfiguration: Sendable {
    /// A libpq connection string or URI, passed through as it is, with several hosts, `sslmode`, `target_session_attrs`.
    public var url: String
    /// Shown in `pg_stat_activity`.
    public var applicationName: String
    /// The session's `synchronous_commit`; nil leaves the server's.
    public var synchronousCommit: String?
    /// How long a statement waits for a lock.
    public var lockTimeoutMilliseconds: Int
    /// How long a statement may take; 0 for any time.
    public var statementTimeoutMilliseconds: Int
    /// How long a transaction may idle.
    public var idleInTransactionTimeoutMilliseconds: Int
    /// How long sent data may stay unacknowledged by the other host.
    public var tcpUserTimeoutMilliseconds: Int
    /// How long connecting may take, for each host named.
    public var connectTimeoutMilliseconds: Int
    /// How long a server may stay silent after a statement's deadline before its connection is given up.
    public var stallLimitMilliseconds: Int
    /// Further settings of the session by their names; they win over those above.
    public var session: [String: String]

    /// Describes a database; nothing is checked, see `validate()`.
    public init(
        url: String, applicationName: String, synchronousCommit: String? = "on", lockTimeoutMilliseconds: Int = 2000,
        statementTimeoutMilliseconds: Int = 10_000, idleInTransactionTimeoutMilliseconds: Int = 5000,
        tcpUserTimeoutMilliseconds: Int = 5000, connectTimeoutMilliseconds: Int = 5000,
        stallLimitMilliseconds: Int = 5000, session: [String: String] = [:]
    ) {
        self.url = url
        self.applicationName = applicationName
        self.synchronousCommit = synchronousCommit
        self.lockTimeoutMilliseconds = lockTimeoutMilliseconds
        self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        self.idleInTransactionTimeoutMilliseconds = idleInTransactionTimeoutMilliseconds
        self.tcpUserTimeoutMilliseconds = tcpUserTimeoutMilliseconds
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.stallLimitMilliseconds = stallLimitMilliseconds
        self.session = session
    }

    /// Checks the form of the URL.
    ///
    /// - Throws: `connection` with a reason of one line, in which every quoted part of the URL is left out, since it may
    ///   be a piece of a password.
    public func validate() throws(PostgresError) {
        _ = try urlOptions()
    }

    /// The options named in the URL, in libpq's order.
    func urlOptions() throws(PostgresError) -> [(keyword: String, value: String)] {
        var reason: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(url, &reason) else {
            defer { unsafe PQfreemem(reason) }
            let text = unsafe PostgresError.oneLine(reason)
            throw PostgresError(kind: .connection, message: "the database URL is malformed: \(Self.masked(text))")
        }
        defer { unsafe PQconninfoFree(options) }
        var found: [(keyword: String, value: String)] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe found.append((String(cString: keyword), String(cString: value)))
            }
            unsafe option += 1
        }
        return found
    }

    /// What PQconnectStartParams takes: later values win, and `dbname` is expanded where it stands.
    func connectionParameters() throws(PostgresError) -> [(keyword: String, value: String)] {
        let named = try urlOptions()
        let options = [named.first { $0.keyword == "options" }?.value, sessionOptions]
        return [
            ("fallback_application_name", applicationName),
            ("tcp_user_timeout", String(tcpUserTimeoutMilliseconds)),
            ("keepalives", "1"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("dbname", url),
            ("client_encoding", "UTF8"),
            ("options", options.compactMap(\.self).joined(separator: " ")),
        ]
    }

    /// How long connecting may take in all.
    func connectDeadline() throws(PostgresError) -> Int64 {
        let named = try urlOptions()
        let hosts = named.filter { $0.keyword == "host" || $0.keyword == "hostaddr" }
            .map { $0.value.split(separator: ",", omittingEmptySubsequences: false).count }
            .max()
        return Monotonic.deadline(inMilliseconds: connectTimeoutMilliseconds * (hosts ?? 1))
    }

    /// The settings as start-up options, so that they cost no round trip.
    private var sessionOptions: String {
        var settings = [
            "lock_timeout": String(lockTimeoutMilliseconds),
            "statement_timeout": String(statementTimeoutMilliseconds),
            "idle_in_transaction_session_timeout": String(idleInTransactionTimeoutMilliseconds),
            "client_min_messages": "warning",
        ]
        settings["synchronous_commit"] = synchronousCommit
        settings.merge(session) { _, given in given }
        return settings.sorted { $0.key < $1.key }
            .map { name, value in
                // The server splits at blanks, which a backslash keeps.
                "-c \(name)="
                    + value.reduce(into: "") { text, character in
                        if character == "\\" || character.isWhitespace { text.append("\\") }
                        text.append(character)
                    }
            }
            .joined(separator: " ")
    }

    /// Leaves out all that is quoted, but for the names of single signs.
    private static func masked(_ text: String) -> String {
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.enumerated()
            .map { index, part in index % 2 == 0 ? String(part) : part.count == 1 ? "\"\(part)\"" : "…" }
            .joined()
    }
}

extension PostgresConfiguration: CustomStringConvertible {
    /// The URL's options with passwords left out.
    public var description: String {
        guard let options = try? urlOptions() else { return "(malformed database URL)" }
        return options.map { keyword, value in
            keyword == "password" || keyword == "sslpassword" ? "\(keyword)=***" : "\(keyword)=\(value)"
        }
        .joined(separator: " ")
    }
}
