import AccountDomain
import PostgresClient
import TestSupport
import Testing

/// How the statements of the log are executed, however long it is (docs/log.md).
@Suite(.serialized) struct PlanTests {
    /// The statements as the gateway sends them, with literals for their parameters.
    private static let streamLoad = """
        SELECT h.position, k.epoch, e.position, e.version
          FROM (SELECT coalesce((SELECT position FROM ledger.events WHERE log_id = 0::int2
                                  ORDER BY position DESC LIMIT 1), 0) AS position) h
          LEFT JOIN ledger.subject_keys k ON k.log_id = 0::int2 AND k.stream_id = $1
          LEFT JOIN ledger.events e ON e.log_id = 0::int2 AND e.stream_id = $1 AND e.version BETWEEN 1 AND 100
         ORDER BY e.version
        """
    private static let probe = """
        SELECT 1 FROM ledger.events e WHERE e.stream_id = $1 AND e.version = 5 AND e.position > 9000 LIMIT 1
        """
    private static let head = "SELECT position FROM ledger.events WHERE log_id = 0::int2 ORDER BY position DESC LIMIT 1"
    private static let tail = """
        SELECT position, stream_id, version FROM ledger.events WHERE log_id = 0::int2 AND position > 9990
         ORDER BY position LIMIT 100
        """

    /// One session that appends across the border of a partition, with nobody to gather statistics.
    @Test func `a session that crosses a border of partitions keeps its plans`() async throws {
        let database = try TestDatabase.make()
        let connection = try PostgresConnection(database.configuration())
        try connection.execute(script: Self.smallPartitions)
        let before = try append(10_000, at: 0, on: connection)
        let after = try append(10_000, at: 10_000, on: connection)
        // Buffers, not time: what an append touches must not grow with the log.
        #expect(after < before * 2 + 50, "\(before) buffers became \(after)")
        try check(connection)
        // As the service does it once a partition holds a thousand events.
        for position in [1, 8_001, 16_001] {
            try connection.execute(script: "SELECT ledger.settle_partition(\(position))")
        }
        try check(connection)
        connection.close()
        try database.drop()
    }

    /// With statistics and without them, no statement reads a partition whole.
    private func check(_ connection: PostgresConnection) throws {
        let stream = try connection.query(
            PostgresStatement("SELECT stream_id FROM ledger.events WHERE position = 17000")
        ).uuid(0, 0)
        let literal = "'\(StreamID(high: stream.high, low: stream.low))'::uuid"
        for statement in [Self.streamLoad, Self.probe, Self.head, Self.tail] {
            let plan = try plan(of: statement.replacing("$1", with: literal), on: connection)
            let events = plan.filter { $0.contains("events") || $0.contains("subject_keys") }
            #expect(!events.contains { $0.contains("Seq Scan") }, "\(plan.joined(separator: "\n"))")
            #expect(!plan.contains { $0.contains("Hash") }, "\(plan.joined(separator: "\n"))")
        }
    }

    private func plan(of statement: String, on connection: PostgresConnection) throws -> [String] {
        let rows = try connection.query(PostgresStatement("EXPLAIN (COSTS OFF) \(statement)"))
        return try (0..<rows.count).map { try rows.string($0, 0) }
    }

    /// Adds events through the function in one session, and tells how many buffers the last append touched.
    private func append(_ count: Int, at start: Int, on connection: PostgresConnection) throws -> Int64 {
        let size = 100
        for first in stride(from: start, to: start + count, by: size) {
            try connection.execute(script: Self.call(from: first, count: size))
        }
        var touched: Int64 = 0
        for line in try plan(withBuffersOf: Self.call(from: start + count, count: 1), on: connection) {
            guard let range = line.firstRange(of: "shared hit=") else { continue }
            touched = max(touched, Int64(line[range.upperBound...].prefix { $0.isNumber }) ?? 0)
        }
        return touched
    }

    private func plan(withBuffersOf statement: String, on connection: PostgresConnection) throws -> [String] {
        let rows = try connection.query(
            PostgresStatement("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) \(statement)"))
        return try (0..<rows.count).map { try rows.string($0, 0) }
    }

    /// Each event in a stream of its own.
    private static func call(from first: Int, count: Int) -> String {
        let numbers = "generate_series(\(first + 1), \(first + count))"
        func array(_ value: String, _ type: String) -> String {
            "(SELECT array_agg((\(value))::\(type) ORDER BY n) FROM \(numbers) n)"
        }
        let ordinal = "n - \(first)"
        let stream = "md5('s' || n)"
        let arguments = [
            ("c_id", array("md5('c' || n)", "uuid")), ("s_cmd", array(ordinal, "int4")),
            ("s_stream", array(stream, "uuid")), ("s_expected", array("0", "int4")), ("s_seen", array("0", "int8")),
            ("s_epoch", array("1", "int4")), ("s_wrapped", array("'\\x1234'", "bytea")),
            ("s_destroy", array("false", "bool")), ("e_part", array(ordinal, "int4")),
            ("e_version", array("1", "int4")), ("e_type", array("'account.created.v1'", "text")),
            ("e_meta", array("'{}'", "bytea")), ("e_data", array("'{}'", "bytea")),
            ("e_secret", array("'box'", "bytea")), ("e_secret_hash", array("sha256('box')", "bytea")),
            ("r_part", array(ordinal, "int4")), ("r_add", array("true", "bool")), ("r_ns", array("1", "int2")),
            ("r_key", array("sha256(('k' || n)::bytea)", "bytea")),
        ]
        let empty = [
            ("q_cmd", "int4"), ("q_owner", "uuid"), ("q_delta", "int4"), ("m_cmd", "int4"), ("m_owner", "uuid"),
            ("m_maximum", "int4"),
        ]
        let all = arguments.map { "\($0) => \($1)" } + empty.map { "\($0) => ARRAY[]::\($1)[]" }
        return """
            SELECT head FROM ledger.append_batch(
              p_log => 0::int2, p_now => clock_timestamp(), p_notify => false, \(all.joined(separator: ", ")))
            """
    }

    private static let smallPartitions = """
        DO $$ DECLARE t regclass; BEGIN
          FOR t IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'ledger.events'::regclass LOOP
            EXECUTE format('DROP TABLE %s', t);
          END LOOP;
          FOR n IN 0..3 LOOP PERFORM ledger.add_partition(n * 8000 + 1, n * 8000 + 8001); END LOOP;
          FOR t IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'ledger.events'::regclass LOOP
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', t);
          END LOOP;
        END $$
        """
}
