/// Writes the rows of a binary COPY, in chunks of 64 KiB.
///
/// For each row: `row(columns:)`, and then as many values as columns, in the table's own types.
public struct PostgresCopyWriter {
    private static let chunkBytes = 1 << 16

    private let connection: PostgresConnection
    /// The values, which are written as parameters are, but with their lengths in front.
    private var fields = PostgresParameters(hasInlineLengths: true, byteCapacity: chunkBytes + 4096)

    init(connection: PostgresConnection) {
        self.connection = connection
        var cursor = fields.beginRaw(byteCount: 19)
        for byte in "PGCOPY\n".utf8 { cursor.put(byte) }
        cursor.put(0xFF0D_0A00 as UInt32)
        cursor.put(0 as Int32)  // No flags,
        cursor.put(0 as Int32)  // no extension of the header.
    }

    /// Begins a row of so many values.
    ///
    /// - Throws: `connection` when the line is lost, at the row that fills a chunk.
    public mutating func row(columns: Int) throws(PostgresError) {
        if fields.byteCount >= Self.chunkBytes { try flush() }
        var cursor = fields.beginRaw(byteCount: 2)
        cursor.put(Int16(columns))
    }

    mutating func finish() throws(PostgresError) {
        var cursor = fields.beginRaw(byteCount: 2)
        cursor.put(-1 as Int16)
        try flush()
    }

    private mutating func flush() throws(PostgresError) {
        try unsafe fields.withBytes { bytes throws(PostgresError) in
            try unsafe connection.sendCopy(bytes)
        }
        fields.removeAll()
    }
}

/// The values, as in `PostgresParameters`.
extension PostgresCopyWriter {
    /// Writes a `smallint`.
    public mutating func append(_ value: Int16) { fields.append(value) }
    /// Writes an `integer`.
    public mutating func append(_ value: Int32) { fields.append(value) }
    /// Writes a `bigint`.
    public mutating func append(_ value: Int64) { fields.append(value) }
    /// Writes a `boolean`.
    public mutating func append(_ value: Bool) { fields.append(value) }
    /// Writes a `double precision`.
    public mutating func append(_ value: Double) { fields.append(value) }
    /// Writes a `text`.
    public mutating func append(_ value: String) { fields.append(value) }
    /// Writes a `bytea`.
    public mutating func append(_ value: [UInt8]) { fields.append(value) }
    /// Writes a `"char"`.
    public mutating func append(char value: UInt8) { fields.append(char: value) }
    /// Writes a `uuid` by its two halves.
    public mutating func append(high: UInt64, low: UInt64) { fields.append(high: high, low: low) }
    /// Writes a `timestamptz` given in microseconds since 1970-01-01 UTC.
    public mutating func append(timestampMicroseconds value: Int64) { fields.append(timestampMicroseconds: value) }
    /// Writes a `jsonb` given as JSON text.
    public mutating func append(jsonb text: [UInt8]) { fields.append(jsonb: text) }
    /// Writes a NULL; the type does not matter here.
    public mutating func appendNull(_ type: PostgresType = .text) { fields.appendNull(type) }
    /// Writes an `integer[]`.
    public mutating func append(array: [Int32]) { fields.append(array: array) }
    /// Writes a `bigint[]`.
    public mutating func append(array: [Int64]) { fields.append(array: array) }
    /// Writes a `text[]`.
    public mutating func append(array: [String]) { fields.append(array: array) }
    /// Writes a `bytea[]`.
    public mutating func append(array: [[UInt8]]) { fields.append(array: array) }
}
