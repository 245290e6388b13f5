/// An empty ledger of its own for one test: all migrations applied, one log, key epoch 1 open and 2 retired.
struct Ledger {
    /// What a batch came to.
    struct Answer: Equatable {
        var head: Int
        var appended: Int
        /// One letter per command; empty when every command was accepted.
        var outcomes = ""
        /// The rows that decided; empty when every command was accepted.
        var refusedAt: [Int] = []
    }

    let session: any LedgerSession

    init() async throws {
        session = try await LedgerDatabase.session()
        // The log and its epoch 1 stand already.
        try await session.run("INSERT INTO ledger.epochs (epoch, check_value, retired_at) VALUES (2, '\\x00', now())")
    }

    @discardableResult
    func append(_ commands: Batch.Command...) async throws -> Answer {
        var batch = Batch()
        batch.commands = commands
        return try await append(batch)
    }

    @discardableResult
    func append(_ batch: Batch) async throws -> Answer {
        let row = try await session.rows(batch.sql)[0]
        return Answer(
            head: Int(row[0]) ?? -1, appended: Int(row[1]) ?? -1, outcomes: row[2],
            refusedAt: row[3].split(separator: ",").compactMap { Int($0) })
    }

    /// The SQLSTATE with which the call is refused as a whole; nil when it is not.
    func refusal(of batch: Batch) async throws -> String? {
        try await session.refusal(of: batch.sql)
    }

    /// The log as "position:version:type", in order.
    func events(of stream: String? = nil) async throws -> [String] {
        let filter = stream.map { "WHERE stream_id = \(Batch.uuid($0))" } ?? ""
        return try await session.rows(
            "SELECT concat_ws(':', position, version, event_type) FROM ledger.events \(filter) ORDER BY position"
        ).map { $0[0] }
    }

    /// Whether `stream` holds `key`.
    func holds(_ key: String, stream: String, namespace: Int = 1) async throws -> Bool {
        try await session.value(
            """
            SELECT count(*)::text FROM ledger.reservations
             WHERE namespace = \(namespace) AND key_hash = sha256('\(key)') AND stream_id = \(Batch.uuid(stream))
            """) == "1"
    }

    /// A quota as "used/maximum".
    func quota(of owner: String) async throws -> String? {
        try await session.value(
            "SELECT used || '/' || coalesce(maximum::text, '-') FROM ledger.quotas WHERE owner_id = \(Batch.uuid(owner))"
        )
    }
}
