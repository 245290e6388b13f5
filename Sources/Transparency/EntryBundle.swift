/// Up to 256 entries of a log, each after its length as two bytes, big-endian (C2SP tlog-tiles).
public enum EntryBundle {
    /// The longest entry that the format has room for.
    public static let longestEntry = Int(UInt16.max)

    /// Appends an entry to a bundle.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)`` when it is longer than ``longestEntry``.
    public static func append(_ entry: [UInt8], to bundle: inout [UInt8]) throws(TransparencyError) {
        guard entry.count <= longestEntry else { throw .malformed("bundle entry") }
        bundle.append(UInt8(entry.count >> 8))
        bundle.append(UInt8(entry.count & 0xFF))
        bundle.append(contentsOf: entry)
    }

    /// The bundle of some entries.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)`` when one is longer than ``longestEntry``.
    public static func encode(_ entries: [[UInt8]]) throws(TransparencyError) -> [UInt8] {
        var bundle: [UInt8] = []
        for entry in entries { try append(entry, to: &bundle) }
        return bundle
    }

    /// The entries of a bundle.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)`` when it ends within an entry or holds more than 256.
    public static func decode(_ bundle: [UInt8]) throws(TransparencyError) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        var place = 0
        while place < bundle.count {
            guard bundle.count - place >= 2, entries.count < HashTile.width else { throw .malformed("entry bundle") }
            let length = Int(bundle[place]) << 8 | Int(bundle[place + 1])
            place += 2
            guard bundle.count - place >= length else { throw .malformed("entry bundle") }
            entries.append(Array(bundle[place..<place + length]))
            place += length
        }
        return entries
    }
}
