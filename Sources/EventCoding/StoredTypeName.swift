/// The names of stored types as they are read, row after row.
public enum StoredTypeName {
    /// The name that these bytes spell; one of ours is no new string.
    public static func name(_ bytes: UnsafeRawBufferPointer) -> String {
        let slots = Self.slots
        var place = place(of: bytes, in: slots.count)
        while let known = slots[place] {
            if known.bytes.elementsEqual(bytes) { return known.name }
            place = (place + 1) & (slots.count - 1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An open table, at most half full; its size is a power of two.
    private static let slots: [(bytes: [UInt8], name: String)?] = {
        let names = EventCoding.types
        var size = 1
        while size < names.count * 2 { size *= 2 }
        var slots: [(bytes: [UInt8], name: String)?] = Array(repeating: nil, count: size)
        for name in names {
            let bytes = Array(name.utf8)
            var place = bytes.withUnsafeBytes { Self.place(of: $0, in: size) }
            while slots[place] != nil { place = (place + 1) & (size - 1) }
            slots[place] = (bytes, name)
        }
        return slots
    }()

    /// FNV-1a over every third byte and the length: enough to keep a few dozen names apart.
    private static func place(of bytes: UnsafeRawBufferPointer, in size: Int) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
        for index in stride(from: 0, to: bytes.count, by: 3) {
            hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3
        }
        return Int(truncatingIfNeeded: hash >> 20) & (size - 1)
    }
}
