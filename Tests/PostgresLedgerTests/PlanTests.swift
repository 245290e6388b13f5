import AccountDomain
import PostgresClient
import TestSupport
import Testing

@testable import PostgresLedger

/// How the statements of the log are executed, however long it is (docs/log.md).
@Suite(.serialized) struct PlanTests {
    /// The statements as the gateway prepares them, and values for their parameters; `$stream` is a stream that exists.
    private static let reads: [(name: String, text: String, types: String, values: String)] = [
        ("load_stream", Statement.loadStream, "int2, uuid, int4, int4", "0, $stream, 1, 100"),
        ("find_head", Statement.findHead, "int2", "0"),
        ("tail_events", Statement.tailEvents, "int2, int8, int4", "0, $head - 10, 100"),
        ("find_command", Statement.findCommand, "int2, uuid, int4, uuid", "0, $stream, 0, $stream"),
        ("find_last", Statement.findLastOfCommand, "int2, int8, uuid", "0, $head - 10, $stream"),
        ("find_reservation", Statement.findReservation, "int2, bytea", "1, sha256('k1')"),
        ("find_blob", Statement.findBlob, "int2, uuid, bytea", "0, $stream, sha256('k1')"),
    ]

    /// One session that appends across the border of a partition, with nobody to gather statistics.
    @Test func `a session that crosses a border of partitions keeps its plans`() async throws {
        let database = try TestDatabase.make()
        let connection = try PostgresConnection(database.configuration())
        try connection.execute(script: Self.smallPartitions)
        let before = try append(10_000, at: 0, on: connection)
        let after = try append(10_000, at: 10_000, on: connection)
        // Buffers, not time: what an append touches must not grow with the log.
        #expect(after < before * 2 + 50, "\(before) buffers became \(after)")
        try check(connection, head: 20_000)
        // As the service does it once a partition holds a thousand events.
        for position in [1, 8_001, 16_001] {
            try connection.execute(script: "SELECT ledger.settle_partition(\(position))")
        }
        try check(connection, head: 20_000)
        connection.close()
        try database.drop()
    }

    /// A hundred thousand streams of ten events each, in one partition that was settled when it was small.
    @Test func `a log of a million events is read by its indexes alone`() async throws {
        let database = try TestDatabase.make()
        let connection = try PostgresConnection(database.configuration())
        try fill(to: 10_000, on: connection)
        try connection.execute(script: "SELECT ledger.settle_partition(1)")
        try check(connection, head: 10_000)
        let before = try append(0, at: 2_000_000, on: connection)
        try fill(to: 1_000_000, on: connection)
        try check(connection, head: 1_000_000)
        let after = try append(0, at: 3_000_000, on: connection)
        #expect(after < before * 2 + 50, "\(before) buffers became \(after)")
        connection.close()
        try database.drop()
    }

    /// Adds rows up to a position past the function, which would take minutes.
    private func fill(to position: Int, on connection: PostgresConnection) throws {
        // In pieces that stay within the session's time for a statement.
        for end in stride(from: 50_000, through: position + 49_999, by: 50_000) {
            try connection.execute(
                script: """
                    INSERT INTO ledger.events (position, recorded_at, stream_id, command_id, version, log_id, event_type,
                                               meta, data, secret, secret_hash)
                    SELECT n, now(), md5('f' || n % 100000)::uuid, md5('c' || n)::uuid, (n - 1) / 100000 + 1, 0,
                           'profile.changed.v1', '{}', '{}', 'box', sha256('box')
                      FROM generate_series((SELECT coalesce(max(position), 0) + 1 FROM ledger.events),
                                           \(min(end, position))) n
                    """)
        }
    }

    /// With statistics and without them, planned once for all values or for these, no statement reads a partition whole.
    private func check(_ connection: PostgresConnection, head: Int) throws {
        let stream = try connection.query(
            PostgresStatement("SELECT stream_id FROM ledger.events WHERE position = \(head - 3_000)")
        ).uuid(0, 0)
        let literal = "'\(StreamID(high: stream.high, low: stream.low))'"
        for (name, text, types, values) in Self.reads {
            try connection.execute(script: "PREPARE \(name) (\(types)) AS \(text)")
            let values = values.replacing("$stream", with: literal).replacing("$head", with: "\(head)")
            for mode in ["force_generic_plan", "force_custom_plan"] {
                try connection.execute(script: "SET plan_cache_mode = \(mode)")
                let plan = try plan(of: "EXECUTE \(name) (\(values))", on: connection)
                #expect(
                    !plan.contains { $0.contains("Seq Scan") || $0.contains("Hash") },
                    "\(name), \(mode):\n\(plan.joined(separator: "\n"))")
            }
            try connection.execute(script: "DEALLOCATE \(name); RESET plan_cache_mode")
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
