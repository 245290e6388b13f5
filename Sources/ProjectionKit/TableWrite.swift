public import AccountDomain

/// One statement over many rows, given column by column.
public struct TableWrite: Sendable {
    /// The statement, as a template; `$1`, `$2`, … are the columns as arrays.
    public let sql: String
    /// The columns.
    public let columns: [Column]
    /// How many rows it must touch; nil when any number will do.
    ///
    /// Fewer mean that a version is missing.
    public let expectedRows: Int?

    /// A write.
    public init(_ sql: String, _ columns: [Column], expectedRows: Int? = nil) {
        self.sql = sql
        self.columns = columns
        self.expectedRows = expectedRows
    }
}

/// The values of one column, as an array of its SQL type.
public enum Column: Sendable {
    /// `uuid[]`.
    case ids([StreamID])
    /// `uuid[]` with NULLs.
    case optionalIDs([StreamID?])
    /// `int2[]`.
    case int2([Int16])
    /// `int4[]`.
    case int4([Int32])
    /// `int8[]`.
    case int8([Int64])
    /// `bool[]`.
    case flags([Bool])
    /// `text[]`.
    case texts([String])
    /// `bytea[]`.
    case bytes([[UInt8]])
    /// `bytea[]` with NULLs.
    case optionalBytes([[UInt8]?])
    /// `timestamptz[]`.
    case moments([Moment])
    /// `timestamptz[]` with NULLs.
    case optionalMoments([Moment?])
}
