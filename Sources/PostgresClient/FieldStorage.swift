/// One growing buffer that holds the binary form of a list of values, and a table of their lengths.
///
/// Values stand one after the other without padding, so an array of any size costs one copy and no object of its own.
@safe
final class FieldStorage {
    /// Length (-1 for NULL) and type of one value.
    struct Field {
        var length: Int32
        var type: UInt32
    }

    private(set) var bytes: UnsafeMutableRawPointer
    private(set) var byteCount = 0
    private var byteCapacity: Int
    private(set) var fields: UnsafeMutablePointer<Field>
    private(set) var fieldCount = 0
    private var fieldCapacity: Int

    init(byteCapacity: Int = 192, fieldCapacity: Int = 8) {
        self.byteCapacity = byteCapacity
        self.fieldCapacity = fieldCapacity
        unsafe bytes = .allocate(byteCount: byteCapacity, alignment: 8)
        unsafe fields = .allocate(capacity: fieldCapacity)
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe fields.deallocate()
    }

    func copied() -> FieldStorage {
        let copy = FieldStorage(byteCapacity: byteCapacity, fieldCapacity: fieldCapacity)
        unsafe copy.bytes.copyMemory(from: bytes, byteCount: byteCount)
        unsafe copy.fields.update(from: fields, count: fieldCount)
        copy.byteCount = byteCount
        copy.fieldCount = fieldCount
        return copy
    }

    func addField(length: Int32, type: PostgresType) {
        if fieldCount == fieldCapacity {
            let larger = UnsafeMutablePointer<Field>.allocate(capacity: fieldCapacity * 2)
            unsafe larger.update(from: fields, count: fieldCount)
            unsafe fields.deallocate()
            unsafe fields = larger
            fieldCapacity *= 2
        }
        unsafe fields[fieldCount] = Field(length: length, type: type.oid)
        fieldCount += 1
    }

    /// Makes room for `count` bytes and counts them as written; the caller writes all of them before anything else.
    func extend(by count: Int) -> UnsafeMutableRawPointer {
        let needed = byteCount + count
        if needed > byteCapacity {
            let capacity = max(needed, byteCapacity * 2)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
            unsafe larger.copyMemory(from: bytes, byteCount: byteCount)
            unsafe bytes.deallocate()
            unsafe bytes = larger
            byteCapacity = capacity
        }
        let start = unsafe bytes + byteCount
        byteCount = needed
        return unsafe start
    }

    func removeAll() {
        byteCount = 0
        fieldCount = 0
    }
}

/// Writes integers in network byte order, one after the other.
@safe
struct NetworkOrderCursor {
    private var position: UnsafeMutableRawPointer

    init(_ start: UnsafeMutableRawPointer) {
        unsafe position = start
    }

    @inline(__always)
    mutating func put<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        unsafe position.storeBytes(of: value.bigEndian, as: T.self)
        unsafe position += MemoryLayout<T>.size
    }

    @inline(__always)
    mutating func put(bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        unsafe position.copyMemory(from: base, byteCount: bytes.count)
        unsafe position += bytes.count
    }
}
