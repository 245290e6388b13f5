/// Reads the values of one row of a binary COPY, one after the other; it must not leave the closure it is lent to.
///
/// COPY sends no types: a read is checked against the length of the value only.
@safe
public struct PostgresCopyReader: ~Copyable {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    /// How many values the row has.
    public private(set) var columnCount = 0
    private var remaining = 0

    init(_ bytes: UnsafeRawBufferPointer, hasHeader: Bool) throws(PostgresError) {
        unsafe self.bytes = bytes
        guard hasHeader else { return }
        // Signature of eleven bytes, flags, length of the header's extension, extension.
        guard bytes.count >= 19 else { throw .decoding("COPY without its header") }
        offset = 15
        let extensionLength = Int(try word())
        guard extensionLength >= 0, extensionLength <= bytes.count - offset else {
            throw .decoding("COPY with a malformed header")
        }
        offset += extensionLength
    }

    /// Moves to the next row in what was received; false when there is none.
    mutating func beginRow() throws(PostgresError) -> Bool {
        guard unsafe offset < bytes.count else { return false }
        let count: Int16 = try unsafe BinaryField.integer(take(2))
        guard count >= 0 else { return false }
        columnCount = Int(count)
        remaining = columnCount
        return true
    }

    mutating func skipRest() throws(PostgresError) {
        while remaining > 0 { try skip() }
    }

    // MARK: Values

    /// Whether the next value is NULL; it stays the next.
    public func isNextNull() -> Bool {
        guard remaining > 0, unsafe offset + 4 <= bytes.count else { return false }
        return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self) == -1
    }

    /// Passes over the next value.
    public mutating func skip() throws(PostgresError) {
        _ = try unsafe nextField()
    }

    /// Reads a `smallint`.
    public mutating func int16() throws(PostgresError) -> Int16 { try unsafe BinaryField.integer(present()) }
    /// Reads an `integer`.
    public mutating func int32() throws(PostgresError) -> Int32 { try unsafe BinaryField.integer(present()) }
    /// Reads a `bigint`.
    public mutating func int64() throws(PostgresError) -> Int64 { try unsafe BinaryField.integer(present()) }
    /// Reads a `"char"`.
    public mutating func char() throws(PostgresError) -> UInt8 { try unsafe BinaryField.integer(present()) }
    /// Reads a `boolean`.
    public mutating func bool() throws(PostgresError) -> Bool { try char() != 0 }
    /// Reads a `text`.
    public mutating func string() throws(PostgresError) -> String {
        try unsafe String(decoding: present(), as: UTF8.self)
    }
    /// Reads a `bytea`.
    public mutating func bytea() throws(PostgresError) -> [UInt8] { try unsafe [UInt8](present()) }
    /// Reads a `bytea`, nil for NULL.
    public mutating func optionalBytea() throws(PostgresError) -> [UInt8]? {
        guard let field = try unsafe nextField() else { return nil }
        return unsafe [UInt8](field)
    }
    /// Lends the bytes of the next value, without a copy; they must not leave `body`.
    public mutating func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        try unsafe body(present())
    }
    /// Reads a `uuid` as its two halves.
    public mutating func uuid() throws(PostgresError) -> (high: UInt64, low: UInt64) {
        try unsafe BinaryField.uuid(present())
    }
    /// Reads a `timestamptz` as microseconds since 1970-01-01 UTC.
    public mutating func timestampMicroseconds() throws(PostgresError) -> Int64 {
        PostgresTimestamp.microsecondsSince1970(stored: try int64())
    }

    private mutating func present() throws(PostgresError) -> UnsafeRawBufferPointer {
        guard let field = try unsafe nextField() else { throw .decoding("NULL in a copied row") }
        return unsafe field
    }

    private mutating func nextField() throws(PostgresError) -> UnsafeRawBufferPointer? {
        guard remaining > 0 else { throw .decoding("more values read than the row has") }
        remaining -= 1
        let length = Int(try word())
        return length < 0 ? nil : try unsafe take(length)
    }

    private mutating func word() throws(PostgresError) -> Int32 {
        try unsafe BinaryField.integer(take(4))
    }

    private mutating func take(_ count: Int) throws(PostgresError) -> UnsafeRawBufferPointer {
        guard unsafe count <= bytes.count - offset else { throw .decoding("a copied row cut short") }
        defer { offset += count }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }
}
