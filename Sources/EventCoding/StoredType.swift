/// A stored type as it is read, row after row: each of ours is one object, whose name is no new string.
public final class StoredType: Sendable {
    /// The name, with its version.
    public let name: String
    /// Its place among ``all``; nil when it is none of ours.
    public let number: Int?
    /// What reads it; nil for an old version, and for what is none of ours.
    let decode: EventCoding.Decoder?

    private let bytes: [UInt8]

    private init(_ name: String, number: Int?) {
        self.name = name
        self.number = number
        decode = number == nil ? nil : EventCoding.decoders[name]
        bytes = Array(name.utf8)
    }

    /// Every stored type that this program knows, old versions included, by name.
    public static let all: [StoredType] = EventCoding.types.enumerated().map { number, name in
        StoredType(name, number: number)
    }

    /// The type that these bytes spell.
    public static func named(_ bytes: UnsafeRawBufferPointer) -> StoredType {
        let slots = Self.slots
        var place = place(of: bytes, in: slots.count)
        while let known = slots[place] {
            if known.bytes.elementsEqual(bytes) { return known }
            place = (place + 1) & (slots.count - 1)
        }
        return StoredType(String(decoding: bytes, as: UTF8.self), number: nil)
    }

    /// Lends the name's bytes.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withUnsafeBufferPointer { bytes throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }

    /// An open table, at most half full; its size is a power of two.
    private static let slots: [StoredType?] = {
        var size = 1
        while size < all.count * 2 { size *= 2 }
        var slots: [StoredType?] = Array(repeating: nil, count: size)
        for type in all {
            var place = type.withBytes { StoredType.place(of: $0, in: size) }
            while slots[place] != nil { place = (place + 1) & (size - 1) }
            slots[place] = type
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
