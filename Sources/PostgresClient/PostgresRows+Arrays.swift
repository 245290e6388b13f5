/// Arrays of at most one dimension.
///
/// Those without optional elements throw `decoding` when there is a NULL among them.
extension PostgresRows {
    /// Reads a `smallint[]`.
    public func int16Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int16] {
        try integers(row, column, .int2Array, of: .int2)
    }

    /// Reads an `integer[]`.
    public func int32Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int32] {
        try integers(row, column, .int4Array, of: .int4)
    }

    /// Reads a `bigint[]`.
    public func int64Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64] {
        try integers(row, column, .int8Array, of: .int8)
    }

    /// Reads a `"char"[]`.
    public func charArray(_ row: Int, _ column: Int) throws(PostgresError) -> [UInt8] {
        try integers(row, column, .charArray, of: .char)
    }

    /// Reads a `smallint[]` with NULLs.
    public func optionalInt16Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int16?] {
        try optionalIntegers(row, column, .int2Array, of: .int2)
    }

    /// Reads an `integer[]` with NULLs.
    public func optionalInt32Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int32?] {
        try optionalIntegers(row, column, .int4Array, of: .int4)
    }

    /// Reads a `bigint[]` with NULLs.
    public func optionalInt64Array(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64?] {
        try optionalIntegers(row, column, .int8Array, of: .int8)
    }

    /// Reads a `boolean[]`.
    public func boolArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Bool] {
        let bytes: [UInt8] = try integers(row, column, .boolArray, of: .bool)
        return bytes.map { $0 != 0 }
    }

    /// Reads a `timestamptz[]` as microseconds since 1970-01-01 UTC.
    public func timestampMicrosecondsArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64] {
        let stored: [Int64] = try integers(row, column, .timestamptzArray, of: .timestamptz)
        return stored.map { PostgresTimestamp.microsecondsSince1970(stored: $0) }
    }

    /// Reads a `timestamptz[]` with NULLs as microseconds since 1970-01-01 UTC.
    public func optionalTimestampMicrosecondsArray(_ row: Int, _ column: Int) throws(PostgresError) -> [Int64?] {
        let stored: [Int64?] = try optionalIntegers(row, column, .timestamptzArray, of: .timestamptz)
        return stored.map { $0.map { PostgresTimestamp.microsecondsSince1970(stored: $0) } }
    }

    /// Reads a `uuid[]`, each as its two halves.
    public func uuidArray(_ row: Int, _ column: Int) throws(PostgresError) -> [(high: UInt64, low: UInt64)] {
        try unsafe BinaryField.array(cell(row, column, .uuidArray), of: .uuid) {
            bytes throws(PostgresError) -> (high: UInt64, low: UInt64) in
            try unsafe BinaryField.uuid(Self.present(bytes))
        }
    }

    /// Reads a `uuid[]` with NULLs, each as its two halves.
    public func optionalUUIDArray(_ row: Int, _ column: Int) throws(PostgresError) -> [(high: UInt64, low: UInt64)?] {
        try unsafe BinaryField.array(cell(row, column, .uuidArray), of: .uuid) {
            bytes throws(PostgresError) -> (high: UInt64, low: UInt64)? in
            guard let bytes = unsafe bytes else { return nil }
            return try unsafe BinaryField.uuid(bytes)
        }
    }

    /// Reads a `text[]`.
    public func stringArray(_ row: Int, _ column: Int) throws(PostgresError) -> [String] {
        try unsafe BinaryField.array(cell(row, column, .textArray), of: .text) {
            bytes throws(PostgresError) -> String in
            try unsafe String(decoding: Self.present(bytes), as: UTF8.self)
        }
    }

    /// Reads a `text[]` with NULLs.
    public func optionalStringArray(_ row: Int, _ column: Int) throws(PostgresError) -> [String?] {
        try unsafe BinaryField.array(cell(row, column, .textArray), of: .text) {
            bytes throws(PostgresError) -> String? in
            guard let bytes = unsafe bytes else { return nil }
            return unsafe String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Reads a `bytea[]`.
    public func bytesArray(_ row: Int, _ column: Int) throws(PostgresError) -> [[UInt8]] {
        try unsafe BinaryField.array(cell(row, column, .byteaArray), of: .bytea) {
            bytes throws(PostgresError) -> [UInt8] in
            try unsafe [UInt8](Self.present(bytes))
        }
    }

    /// Reads a `bytea[]` with NULLs.
    public func optionalBytesArray(_ row: Int, _ column: Int) throws(PostgresError) -> [[UInt8]?] {
        try unsafe BinaryField.array(cell(row, column, .byteaArray), of: .bytea) {
            bytes throws(PostgresError) -> [UInt8]? in
            guard let bytes = unsafe bytes else { return nil }
            return unsafe [UInt8](bytes)
        }
    }

    @inline(__always)
    private static func present(_ bytes: UnsafeRawBufferPointer?) throws(PostgresError) -> UnsafeRawBufferPointer {
        guard let bytes = unsafe bytes else { throw .decoding("NULL in an array") }
        return unsafe bytes
    }

    @inline(__always)
    private func integers<T: FixedWidthInteger & BitwiseCopyable>(
        _ row: Int, _ column: Int, _ type: PostgresType, of element: PostgresType
    ) throws(PostgresError) -> [T] {
        try unsafe BinaryField.array(cell(row, column, type), of: element) {
            bytes throws(PostgresError) -> T in
            try unsafe BinaryField.integer(Self.present(bytes), row, column)
        }
    }

    @inline(__always)
    private func optionalIntegers<T: FixedWidthInteger & BitwiseCopyable>(
        _ row: Int, _ column: Int, _ type: PostgresType, of element: PostgresType
    ) throws(PostgresError) -> [T?] {
        try unsafe BinaryField.array(cell(row, column, type), of: element) {
            bytes throws(PostgresError) -> T? in
            guard let bytes = unsafe bytes else { return nil }
            return try unsafe BinaryField.integer(bytes, row, column)
        }
    }
}
