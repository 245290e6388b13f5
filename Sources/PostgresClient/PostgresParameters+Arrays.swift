/// Arrays, written in one dimension with lower bound 1.
extension PostgresParameters {
    /// Appends a `smallint[]`.
    public mutating func append(array: [Int16]) {
        appendFixed(array, .int2Array, of: .int2) { $0 }
    }

    /// Appends an `integer[]`.
    public mutating func append(array: [Int32]) {
        appendFixed(array, .int4Array, of: .int4) { $0 }
    }

    /// Appends a `bigint[]`.
    public mutating func append(array: [Int64]) {
        appendFixed(array, .int8Array, of: .int8) { $0 }
    }

    /// Appends a `boolean[]`.
    public mutating func append(array: [Bool]) {
        appendFixed(array, .boolArray, of: .bool) { $0 ? 1 as UInt8 : 0 }
    }

    /// Appends a `"char"[]`.
    public mutating func append(charArray array: [UInt8]) {
        appendFixed(array, .charArray, of: .char) { $0 }
    }

    /// Appends a `timestamptz[]` given in microseconds since 1970-01-01 UTC.
    public mutating func append(timestampMicrosecondsArray array: [Int64]) {
        appendFixed(array, .timestamptzArray, of: .timestamptz) {
            PostgresTimestamp.stored(microsecondsSince1970: $0)
        }
    }

    /// Appends a `smallint[]` with NULLs.
    public mutating func append(array: [Int16?]) {
        appendFixed(nullable: array, .int2Array, of: .int2) { $0 }
    }

    /// Appends an `integer[]` with NULLs.
    public mutating func append(array: [Int32?]) {
        appendFixed(nullable: array, .int4Array, of: .int4) { $0 }
    }

    /// Appends a `bigint[]` with NULLs.
    public mutating func append(array: [Int64?]) {
        appendFixed(nullable: array, .int8Array, of: .int8) { $0 }
    }

    /// Appends a `boolean[]` with NULLs.
    public mutating func append(array: [Bool?]) {
        appendFixed(nullable: array, .boolArray, of: .bool) { $0 ? 1 as UInt8 : 0 }
    }

    /// Appends a `timestamptz[]` with NULLs, given in microseconds since 1970-01-01 UTC.
    public mutating func append(timestampMicrosecondsArray array: [Int64?]) {
        appendFixed(nullable: array, .timestamptzArray, of: .timestamptz) {
            PostgresTimestamp.stored(microsecondsSince1970: $0)
        }
    }

    /// Appends a `uuid[]`, each by its two halves.
    public mutating func append(array: [(high: UInt64, low: UInt64)]) {
        var cursor = beginArray(.uuidArray, of: .uuid, count: array.count, payload: array.count * 20, hasNull: false)
        for (high, low) in array {
            cursor.put(16 as Int32)
            cursor.put(high)
            cursor.put(low)
        }
    }

    /// Appends a `uuid[]` with NULLs, each by its two halves.
    public mutating func append(array: [(high: UInt64, low: UInt64)?]) {
        let present = array.count { $0 != nil }
        var cursor = beginArray(
            .uuidArray, of: .uuid, count: array.count, payload: array.count * 4 + present * 16,
            hasNull: present < array.count)
        for element in array {
            guard let (high, low) = element else {
                cursor.put(-1 as Int32)
                continue
            }
            cursor.put(16 as Int32)
            cursor.put(high)
            cursor.put(low)
        }
    }

    /// Appends a `text[]`.
    public mutating func append(array: [String]) {
        let payload = array.reduce(array.count * 4) { $0 + $1.utf8.count }
        var cursor = beginArray(.textArray, of: .text, count: array.count, payload: payload, hasNull: false)
        for var element in array {
            element.withUTF8 { utf8 in
                cursor.put(Int32(utf8.count))
                unsafe cursor.put(bytes: UnsafeRawBufferPointer(utf8))
            }
        }
    }

    /// Appends a `text[]` with NULLs.
    public mutating func append(array: [String?]) {
        let payload = array.reduce(array.count * 4) { $0 + ($1?.utf8.count ?? 0) }
        var cursor = beginArray(
            .textArray, of: .text, count: array.count, payload: payload, hasNull: array.contains { $0 == nil })
        for element in array {
            guard var element else {
                cursor.put(-1 as Int32)
                continue
            }
            element.withUTF8 { utf8 in
                cursor.put(Int32(utf8.count))
                unsafe cursor.put(bytes: UnsafeRawBufferPointer(utf8))
            }
        }
    }

    /// Appends a `bytea[]`.
    public mutating func append(array: [[UInt8]]) {
        let payload = array.reduce(array.count * 4) { $0 + $1.count }
        var cursor = beginArray(.byteaArray, of: .bytea, count: array.count, payload: payload, hasNull: false)
        for element in array {
            cursor.put(Int32(element.count))
            unsafe element.withUnsafeBytes { unsafe cursor.put(bytes: $0) }
        }
    }

    /// Appends a `bytea[]` with NULLs.
    public mutating func append(array: [[UInt8]?]) {
        let payload = array.reduce(array.count * 4) { $0 + ($1?.count ?? 0) }
        var cursor = beginArray(
            .byteaArray, of: .bytea, count: array.count, payload: payload, hasNull: array.contains { $0 == nil })
        for element in array {
            guard let element else {
                cursor.put(-1 as Int32)
                continue
            }
            cursor.put(Int32(element.count))
            unsafe element.withUnsafeBytes { unsafe cursor.put(bytes: $0) }
        }
    }

    /// Writes the head of an array; `payload` counts the elements with their lengths.
    private mutating func beginArray(
        _ type: PostgresType, of element: PostgresType, count: Int, payload: Int, hasNull: Bool
    ) -> NetworkOrderCursor {
        // An empty array has no dimension at all.
        var cursor = begin(type, byteCount: count == 0 ? 12 : 20 + payload)
        cursor.put(count == 0 ? 0 as Int32 : 1)
        cursor.put(hasNull ? 1 as Int32 : 0)
        cursor.put(element.oid)
        if count > 0 {
            cursor.put(Int32(count))
            cursor.put(1 as Int32)
        }
        return cursor
    }

    @inline(__always)
    private mutating func appendFixed<T, W: FixedWidthInteger & BitwiseCopyable>(
        _ array: [T], _ type: PostgresType, of element: PostgresType, _ stored: (T) -> W
    ) {
        let size = MemoryLayout<W>.size
        var cursor = beginArray(
            type, of: element, count: array.count, payload: array.count * (4 + size), hasNull: false)
        for value in array {
            cursor.put(Int32(size))
            cursor.put(stored(value))
        }
    }

    @inline(__always)
    private mutating func appendFixed<T, W: FixedWidthInteger & BitwiseCopyable>(
        nullable array: [T?], _ type: PostgresType, of element: PostgresType, _ stored: (T) -> W
    ) {
        let size = MemoryLayout<W>.size
        let present = array.count { $0 != nil }
        var cursor = beginArray(
            type, of: element, count: array.count, payload: array.count * 4 + present * size,
            hasNull: present < array.count)
        for value in array {
            guard let value else {
                cursor.put(-1 as Int32)
                continue
            }
            cursor.put(Int32(size))
            cursor.put(stored(value))
        }
    }
}
