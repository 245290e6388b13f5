// Sendable: the storage is only written through a unique reference, so what several threads see never changes.
/// A list of values in PostgreSQL's binary form, written into one contiguous buffer.
///
/// It is a value: a copy shares the buffer until either side is written to.
@safe
public struct PostgresParameters: @unchecked Sendable {
    private var storage: FieldStorage
    /// For COPY each length stands in front of its value; for parameters it goes into the table of fields.
    private let hasInlineLengths: Bool

    /// Starts an empty list.
    public init() {
        self.init(hasInlineLengths: false)
    }

    init(hasInlineLengths: Bool, byteCapacity: Int = 192) {
        self.hasInlineLengths = hasInlineLengths
        storage = FieldStorage(byteCapacity: byteCapacity)
    }

    /// How many values are in the list.
    public var count: Int { storage.fieldCount }
    /// How many bytes the values take.
    public var byteCount: Int { storage.byteCount }

    // MARK: Single values

    /// Appends a `smallint`.
    public mutating func append(_ value: Int16) {
        var cursor = begin(.int2, byteCount: 2)
        cursor.put(value)
    }

    /// Appends an `integer`.
    public mutating func append(_ value: Int32) {
        var cursor = begin(.int4, byteCount: 4)
        cursor.put(value)
    }

    /// Appends a `bigint`.
    public mutating func append(_ value: Int64) {
        var cursor = begin(.int8, byteCount: 8)
        cursor.put(value)
    }

    /// Appends a `boolean`.
    public mutating func append(_ value: Bool) {
        var cursor = begin(.bool, byteCount: 1)
        cursor.put(value ? 1 as UInt8 : 0)
    }

    /// Appends a `double precision`.
    public mutating func append(_ value: Double) {
        var cursor = begin(.float8, byteCount: 8)
        cursor.put(value.bitPattern)
    }

    /// Appends a `text`.
    ///
    /// PostgreSQL has no text with U+0000 in it and refuses such a value (22021).
    public mutating func append(_ value: String) {
        var value = value
        value.withUTF8 { utf8 in
            var cursor = begin(.text, byteCount: utf8.count)
            unsafe cursor.put(bytes: UnsafeRawBufferPointer(utf8))
        }
    }

    /// Appends a `bytea`.
    public mutating func append(_ value: [UInt8]) {
        unsafe value.withUnsafeBytes { bytes in
            var cursor = begin(.bytea, byteCount: bytes.count)
            unsafe cursor.put(bytes: bytes)
        }
    }

    /// Appends a `"char"`.
    public mutating func append(char value: UInt8) {
        var cursor = begin(.char, byteCount: 1)
        cursor.put(value)
    }

    /// Appends a `uuid` by its two halves, the first eight bytes being `high`.
    public mutating func append(high: UInt64, low: UInt64) {
        var cursor = begin(.uuid, byteCount: 16)
        cursor.put(high)
        cursor.put(low)
    }

    /// Appends a `timestamptz` given in microseconds since 1970-01-01 UTC.
    ///
    /// `Int64.max` stands for infinity and `Int64.min` for -infinity.
    public mutating func append(timestampMicroseconds value: Int64) {
        var cursor = begin(.timestamptz, byteCount: 8)
        cursor.put(PostgresTimestamp.stored(microsecondsSince1970: value))
    }

    /// Appends a `jsonb` given as JSON text.
    public mutating func append(jsonb text: [UInt8]) {
        unsafe text.withUnsafeBytes { bytes in
            var cursor = begin(.jsonb, byteCount: bytes.count + 1)
            cursor.put(1 as UInt8)  // The version of the binary form.
            unsafe cursor.put(bytes: bytes)
        }
    }

    /// Appends a NULL of the given type.
    public mutating func appendNull(_ type: PostgresType) {
        makeUnique()
        if hasInlineLengths {
            var cursor = unsafe NetworkOrderCursor(storage.extend(by: 4))
            cursor.put(-1 as Int32)
        } else {
            storage.addField(length: -1, type: type)
        }
    }

    // MARK: For this module

    /// Reserves a value of `byteCount` bytes, all of which the caller writes at once through the cursor.
    @inline(__always)
    mutating func begin(_ type: PostgresType, byteCount: Int) -> NetworkOrderCursor {
        makeUnique()
        if hasInlineLengths {
            var cursor = unsafe NetworkOrderCursor(storage.extend(by: 4 + byteCount))
            cursor.put(Int32(byteCount))
            return cursor
        }
        storage.addField(length: Int32(byteCount), type: type)
        return unsafe NetworkOrderCursor(storage.extend(by: byteCount))
    }

    /// Reserves bytes that are no value, for the frame of COPY.
    mutating func beginRaw(byteCount: Int) -> NetworkOrderCursor {
        makeUnique()
        return unsafe NetworkOrderCursor(storage.extend(by: byteCount))
    }

    mutating func removeAll() {
        if isKnownUniquelyReferenced(&storage) {
            storage.removeAll()
        } else {
            storage = FieldStorage()
        }
    }

    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try unsafe body(UnsafeRawBufferPointer(start: storage.bytes, count: storage.byteCount))
    }

    func withFields<R>(_ body: (UnsafeRawPointer, UnsafeBufferPointer<FieldStorage.Field>) -> R) -> R {
        unsafe body(
            UnsafeRawPointer(storage.bytes), UnsafeBufferPointer(start: storage.fields, count: storage.fieldCount))
    }

    @inline(__always)
    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = storage.copied() }
    }
}

/// The zero points of the two clocks.
enum PostgresTimestamp {
    /// Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's zero.
    private static let offset: Int64 = 946_684_800_000_000

    static func stored(microsecondsSince1970 value: Int64) -> Int64 {
        if value == .max || value == .min { return value }
        let (difference, overflow) = value.subtractingReportingOverflow(offset)
        return overflow ? .min : difference
    }

    static func microsecondsSince1970(stored value: Int64) -> Int64 {
        if value == .max || value == .min { return value }
        let (sum, overflow) = value.addingReportingOverflow(offset)
        return overflow ? .max : sum
    }
}
