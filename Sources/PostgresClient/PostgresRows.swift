internal import CPostgres

// Sendable: libpq never changes a result once it was handed out, the accessors only read it, and PQclear runs once.
/// The rows a statement gave, read in place from what libpq received.
///
/// Rows and columns count from zero. Every read checks the column's type and throws `decoding` when it is another one,
/// when the value is NULL, or when there is no such cell.
@safe
public final class PostgresRows: @unchecked Sendable {
    /// Owned: `deinit` is its only release.
    private let handle: OpaquePointer
    /// How many rows there are.
    public let count: Int
    /// How many columns a row has.
    public let columnCount: Int
    /// The SQLSTATE of each warning the server gave along with this statement, its commit included.
    ///
    /// `01000` at a commit is how the server says that it did not wait for its synchronous standby.
    public let warnings: [String]

    init(takingOwnershipOf handle: OpaquePointer, warnings: [String]) {
        unsafe self.handle = handle
        count = Int(unsafe PQntuples(handle))
        columnCount = Int(unsafe PQnfields(handle))
        self.warnings = warnings
    }

    deinit {
        unsafe PQclear(handle)
    }

    /// How many bytes the rows take in memory, all of them together.
    public var memoryBytes: Int { unsafe PQresultMemorySize(handle) }

    /// How many rows the statement inserted, updated, deleted or selected.
    public var affected: Int {
        guard let text = unsafe PQcmdTuples(handle) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    /// The name of a column, empty when there is none.
    public func columnName(_ column: Int) -> String {
        guard column >= 0, column < columnCount, let name = unsafe PQfname(handle, Int32(column)) else { return "" }
        return unsafe String(cString: name)
    }

    /// Whether the value is NULL; true as well for a cell that does not exist.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        guard row >= 0, row < count, column >= 0, column < columnCount else { return true }
        return unsafe PQgetisnull(handle, Int32(row), Int32(column)) != 0
    }

    // MARK: Single values

    /// Reads a `smallint`.
    public func int16(_ row: Int, _ column: Int) throws(PostgresError) -> Int16 {
        try unsafe BinaryField.integer(cell(row, column, .int2), row, column)
    }

    /// Reads an `integer`.
    public func int32(_ row: Int, _ column: Int) throws(PostgresError) -> Int32 {
        try unsafe BinaryField.integer(cell(row, column, .int4), row, column)
    }

    /// Reads a `bigint`.
    public func int64(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        try unsafe BinaryField.integer(cell(row, column, .int8), row, column)
    }

    /// Reads a `"char"`.
    public func char(_ row: Int, _ column: Int) throws(PostgresError) -> UInt8 {
        try unsafe BinaryField.integer(cell(row, column, .char), row, column)
    }

    /// Reads a `double precision`.
    public func double(_ row: Int, _ column: Int) throws(PostgresError) -> Double {
        Double(bitPattern: try unsafe BinaryField.integer(cell(row, column, .float8), row, column))
    }

    /// Reads a `boolean`.
    public func bool(_ row: Int, _ column: Int) throws(PostgresError) -> Bool {
        let byte: UInt8 = try unsafe BinaryField.integer(cell(row, column, .bool), row, column)
        return byte != 0
    }

    /// Reads a `text` or another type that travels as text (`name`, `json`, `varchar`).
    public func string(_ row: Int, _ column: Int) throws(PostgresError) -> String {
        let bytes = try unsafe cell(row, column)
        guard PostgresType.textual.contains(unsafe PQftype(handle, Int32(column))) else {
            throw typeMismatch(column, expected: .text)
        }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a `bytea`.
    public func bytes(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8] {
        try unsafe [UInt8](cell(row, column, .bytea))
    }

    /// Reads the text of a `jsonb`.
    public func jsonb(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8] {
        let bytes = try unsafe cell(row, column, .jsonb)
        guard unsafe bytes.first == 1 else { throw .decoding("jsonb of an unknown version in column \(column)") }
        return unsafe [UInt8](bytes.dropFirst())
    }

    /// Lends the bytes of a value of any type, without a copy; they must not leave `body`.
    public func withBytes<R>(
        _ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        try unsafe body(cell(row, column))
    }

    /// The bytes of a value of any type where they lie, without a copy; nil for NULL.
    ///
    /// They are there as long as this object is, which whoever uses them sees to.
    @unsafe
    public func bytesInPlace(_ row: Int, _ column: Int) throws(PostgresError) -> UnsafeRawBufferPointer? {
        isNull(row, column) ? nil : try unsafe cell(row, column)
    }

    /// Reads a `uuid` as its two halves, the first eight bytes being `high`.
    public func uuid(_ row: Int, _ column: Int) throws(PostgresError) -> (high: UInt64, low: UInt64) {
        try unsafe BinaryField.uuid(cell(row, column, .uuid))
    }

    /// Reads a `timestamptz` as microseconds since 1970-01-01 UTC.
    ///
    /// Infinity is `Int64.max`, -infinity is `Int64.min`.
    public func timestampMicroseconds(_ row: Int, _ column: Int) throws(PostgresError) -> Int64 {
        PostgresTimestamp.microsecondsSince1970(
            stored: try unsafe BinaryField.integer(cell(row, column, .timestamptz), row, column))
    }

    // MARK: For this module

    @inline(__always)
    func cell(_ row: Int, _ column: Int, _ type: PostgresType) throws(PostgresError) -> UnsafeRawBufferPointer {
        let bytes = try unsafe cell(row, column)
        guard unsafe PQftype(handle, Int32(column)) == type.oid else { throw typeMismatch(column, expected: type) }
        return unsafe bytes
    }

    /// The bytes of a value, valid as long as this object.
    ///
    /// The bounds are checked here because libpq would answer a wrong one through its notice receiver, which may have
    /// gone with the connection.
    @inline(__always)
    private func cell(_ row: Int, _ column: Int) throws(PostgresError) -> UnsafeRawBufferPointer {
        guard row >= 0, row < count, column >= 0, column < columnCount else {
            throw .decoding("no cell at row \(row), column \(column) in \(count) rows of \(columnCount) columns")
        }
        let (row, column) = (Int32(truncatingIfNeeded: row), Int32(truncatingIfNeeded: column))
        let length = unsafe PQgetlength(handle, row, column)
        if length == 0, unsafe PQgetisnull(handle, row, column) != 0 {
            throw .decoding("NULL in row \(row), column \(column)")
        }
        guard unsafe PQfformat(handle, column) == 1 else { throw .decoding("column \(column) is in text format") }
        return unsafe UnsafeRawBufferPointer(start: PQgetvalue(handle, row, column), count: Int(length))
    }

    private func typeMismatch(_ column: Int, expected: PostgresType) -> PostgresError {
        .decoding("column \(column) has type \(unsafe PQftype(handle, Int32(column))), not \(expected.oid)")
    }
}
