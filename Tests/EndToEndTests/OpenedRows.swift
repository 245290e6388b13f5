import AccountDomain
import EventCoding
import Foundation
import PostgresClient

/// The rows of the read models that answer, their views opened: what two versions are compared by.
struct OpenedRows: Equatable {
    /// Table, columns and opened view of each row, in order.
    let rows: [String]

    /// Reads them.
    ///
    /// - Throws: `TestFailure` when a view does not open, or when no read model answers.
    init(_ connection: PostgresConnection, keyring: Keyring) throws {
        let tables = try connection.query(
            PostgresStatement(
                """
                SELECT t.tablename::text, p.name::text
                  FROM ledger.projections p
                  JOIN pg_tables t ON t.schemaname = 'rm'
                   AND (t.tablename = p.name || '_' || p.version
                        OR t.tablename = left(p.name, -1) || '_lookups_' || p.version)
                 WHERE p.state = 'active' ORDER BY 1
                """))
        guard tables.count == 7 else { throw TestFailure("\(tables.count) tables of read models") }
        var found: [String] = []
        for index in 0..<tables.count {
            let (table, name) = (try tables.string(index, 0), try tables.string(index, 1))
            // How many events the last write folded is another matter in a rebuild.
            let rows = try connection.query(
                PostgresStatement(
                    """
                    SELECT t.stream_id, (to_jsonb(t) - 'view' - 'applied')::text,
                           coalesce((to_jsonb(t) ->> 'ordinal')::int4, 0), k.epoch, k.wrapped,
                           decode(substr(to_jsonb(t) ->> 'view', 3), 'hex')
                      FROM rm.\(table) t LEFT JOIN ledger.subject_keys k ON k.stream_id = t.stream_id
                    """))
            for row in 0..<rows.count {
                let id = try rows.uuid(row, 0)
                let stream = StreamID(high: id.high, low: id.low)
                var text = "\(table.prefix { !$0.isNumber }) \(try rows.string(row, 1))"
                if !rows.isNull(row, 5) {
                    let ordinal = try rows.int32(row, 2)
                    let key = try keyring.unwrap(
                        try rows.bytes(row, 4), epoch: try rows.int32(row, 3), log: 0, stream: stream)
                    let view = try key.open(
                        try rows.bytes(row, 5), at: .view(name == "devices" ? "\(name)/\(ordinal)" : name))
                    text += " " + String(decoding: view, as: UTF8.self)
                }
                found.append(text)
            }
        }
        rows = found.sorted()
    }

    /// What stands in one of the two alone; empty when they are equal.
    func difference(from other: OpenedRows) -> String {
        let (mine, its) = (Set(rows), Set(other.rows))
        return
            (mine.subtracting(its).sorted().prefix(3).map { "- \($0.prefix(600))" }
            + its.subtracting(mine).sorted().prefix(3).map { "+ \($0.prefix(600))" })
            .joined(separator: "\n")
    }
}

extension Service {
    /// The keyring of its home.
    func keyring() throws -> Keyring {
        try Keyring(file: [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(home.path)/home/keys/keyring.json"))))
    }

    /// The rows that its read models answer with.
    func openedRows() throws -> OpenedRows {
        let connection = try database()
        defer { connection.close() }
        return try OpenedRows(connection, keyring: try keyring())
    }
}
