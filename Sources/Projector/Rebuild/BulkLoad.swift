import AccountDomain
import PostgresClient
import ProjectionKit

/// An insert of whole columns, read out of a projection's own statement, as a COPY into a table that nobody uses yet.
///
/// A statement of another shape is no bulk load, and is run as it is.
struct BulkLoad {
    /// The table, with the placeholder.
    let table: String
    let columns: [String]
    /// Whether rows that are the same count once.
    let skipsRepeats: Bool

    init?(_ template: String) {
        let text = template.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: " ")
        guard text.hasPrefix("INSERT INTO "), let open = text.firstIndex(of: "("),
            let close = text[open...].firstIndex(of: ")")
        else { return nil }
        let head = text[..<open].split(separator: " ")
        guard head.count == 3 || (head.count == 5 && head[3] == "AS") else { return nil }
        table = String(head[2])
        columns = text[text.index(after: open)..<close].split(separator: ",").map { $0.split(separator: " ").joined() }
        let rest = text[text.index(after: close)...].split(separator: " ").joined(separator: " ")
        let parameters = (1...max(1, columns.count)).map { "$\($0)" }.joined(separator: ", ")
        let source = "SELECT * FROM unnest(\(parameters))"
        guard rest.hasPrefix(source) else { return nil }
        skipsRepeats = rest.hasSuffix("ON CONFLICT DO NOTHING")
        // Whatever else it does at a conflict, there is none: a stream is written once, to an empty table.
        guard skipsRepeats || rest.count == source.count || rest.dropFirst(source.count).hasPrefix(" ON CONFLICT (")
        else { return nil }
    }

    func sql(suffix: String) -> String {
        let table = ProjectionSQL.text(table, suffix: suffix)
        return "COPY \(table) (\(columns.joined(separator: ", "))) FROM STDIN (FORMAT binary)"
    }

    /// Copies the rows, and says how many there are.
    func copy(_ columns: [Column], suffix: String, on connection: PostgresConnection) throws -> Int {
        guard columns.count == self.columns.count, let count = columns.first?.count, count > 0 else { return 0 }
        return try connection.copyIn(sql(suffix: suffix)) { writer in
            var written = RowIndex(columns)
            for row in 0..<count {
                if skipsRepeats, !written.insert(row) { continue }
                try writer.row(columns: columns.count)
                for column in columns { column.write(row, to: &writer) }
            }
        }
    }
}

/// Which rows there are already, by hashes of their values: hardly ever are two rows looked at in full.
private struct RowIndex {
    private let columns: [Column]
    private var rows: [Int: Int] = [:]

    init(_ columns: [Column]) { self.columns = columns }

    /// Notes a row; false when an earlier one is the same.
    mutating func insert(_ row: Int) -> Bool {
        var hasher = Hasher()
        for column in columns { column.hash(row, into: &hasher) }
        let hash = hasher.finalize()
        guard let earlier = rows[hash] else {
            rows[hash] = row
            return true
        }
        return !isSame(earlier, row) && !(0..<row).contains { isSame($0, row) }
    }

    private func isSame(_ one: Int, _ other: Int) -> Bool {
        columns.allSatisfy { $0.value(one) == $0.value(other) }
    }
}

extension Column {
    /// A value as it can be compared.
    enum Value: Equatable {
        case null
        case number(Int64)
        case text(String)
        case bytes([UInt8])
        case id(StreamID)
    }

    var count: Int {
        switch self {
        case .ids(let values): values.count
        case .optionalIDs(let values): values.count
        case .int2(let values): values.count
        case .int4(let values): values.count
        case .int8(let values): values.count
        case .flags(let values): values.count
        case .texts(let values): values.count
        case .bytes(let values): values.count
        case .optionalBytes(let values): values.count
        case .moments(let values): values.count
        case .optionalMoments(let values): values.count
        }
    }

    func value(_ row: Int) -> Value {
        switch self {
        case .ids(let values): .id(values[row])
        case .optionalIDs(let values): values[row].map { .id($0) } ?? .null
        case .int2(let values): .number(Int64(values[row]))
        case .int4(let values): .number(Int64(values[row]))
        case .int8(let values): .number(values[row])
        case .flags(let values): .number(values[row] ? 1 : 0)
        case .texts(let values): .text(values[row])
        case .bytes(let values): .bytes(values[row])
        case .optionalBytes(let values): values[row].map { .bytes($0) } ?? .null
        case .moments(let values): .number(values[row].microseconds)
        case .optionalMoments(let values): values[row].map { .number($0.microseconds) } ?? .null
        }
    }

    /// Equal values give equal hashes.
    func hash(_ row: Int, into hasher: inout Hasher) {
        switch self {
        case .ids(let values): hasher.combine(values[row])
        case .optionalIDs(let values): hasher.combine(values[row])
        case .int2(let values): hasher.combine(values[row])
        case .int4(let values): hasher.combine(values[row])
        case .int8(let values): hasher.combine(values[row])
        case .flags(let values): hasher.combine(values[row])
        case .texts(let values): hasher.combine(values[row])
        case .bytes(let values): values[row].withUnsafeBytes { hasher.combine(bytes: $0) }
        case .optionalBytes(let values): values[row]?.withUnsafeBytes { hasher.combine(bytes: $0) }
        case .moments(let values): hasher.combine(values[row])
        case .optionalMoments(let values): hasher.combine(values[row])
        }
    }

    func write(_ row: Int, to writer: inout PostgresCopyWriter) {
        switch self {
        case .ids(let values): writer.append(high: values[row].high, low: values[row].low)
        case .optionalIDs(let values):
            if let id = values[row] { writer.append(high: id.high, low: id.low) } else { writer.appendNull() }
        case .int2(let values): writer.append(values[row])
        case .int4(let values): writer.append(values[row])
        case .int8(let values): writer.append(values[row])
        case .flags(let values): writer.append(values[row])
        case .texts(let values): writer.append(values[row])
        case .bytes(let values): writer.append(values[row])
        case .optionalBytes(let values):
            if let bytes = values[row] { writer.append(bytes) } else { writer.appendNull() }
        case .moments(let values): writer.append(timestampMicroseconds: values[row].microseconds)
        case .optionalMoments(let values):
            if let moment = values[row] {
                writer.append(timestampMicroseconds: moment.microseconds)
            } else {
                writer.appendNull()
            }
        }
    }
}
