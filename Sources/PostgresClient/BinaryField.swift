/// Reads values out of their binary form, wherever it stands.
enum BinaryField {
    @inline(__always)
    static func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, _ row: Int = 0, _ column: Int = 0
    ) throws(PostgresError) -> T {
        guard bytes.count == MemoryLayout<T>.size else {
            throw .decoding("\(bytes.count) bytes for an integer of \(MemoryLayout<T>.size) in column \(column)")
        }
        return unsafe T(bigEndian: bytes.loadUnaligned(as: T.self))
    }

    @inline(__always)
    static func uuid(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) -> (high: UInt64, low: UInt64) {
        guard bytes.count == 16 else { throw .decoding("\(bytes.count) bytes for a uuid") }
        return unsafe (
            UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    /// Reads the elements of an array of at most one dimension; a NULL element is given as nil.
    @inline(__always)
    static func array<T>(
        _ bytes: UnsafeRawBufferPointer, of element: PostgresType,
        _ read: (UnsafeRawBufferPointer?) throws(PostgresError) -> T
    ) throws(PostgresError) -> [T] {
        func word(at offset: Int) -> Int32 {
            unsafe Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
        }
        guard bytes.count >= 12 else { throw .decoding("an array cut short") }
        guard UInt32(bitPattern: word(at: 8)) == element.oid else {
            throw .decoding("an array of type \(word(at: 8)), not \(element.oid)")
        }
        let dimensions = word(at: 0)
        if dimensions == 0 { return [] }
        guard dimensions == 1, bytes.count >= 20 else { throw .decoding("an array of \(dimensions) dimensions") }
        let count = Int(word(at: 12))
        guard count >= 0, count <= (bytes.count - 20) / 4 else { throw .decoding("an array cut short") }

        var elements: [T] = []
        elements.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            guard offset + 4 <= bytes.count else { throw .decoding("an array cut short") }
            let length = Int(word(at: offset))
            offset += 4
            if length < 0 {
                try elements.append(read(nil))
                continue
            }
            guard length <= bytes.count - offset else { throw .decoding("an array cut short") }
            let slice = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)])
            try unsafe elements.append(read(slice))
            offset += length
        }
        return elements
    }
}
