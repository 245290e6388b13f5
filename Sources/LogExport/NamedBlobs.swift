import StrictJSON

/// The blobs that an event names: members `blob` or `…_blob` of its data that are SHA-256 hashes (docs/log.md).
enum NamedBlobs {
    /// The hashes, in the order in which they stand; none for nearly every event.
    static func find(in data: [UInt8]) -> [[UInt8]] {
        guard data.withUnsafeBytes({ mayName($0) }), let json = try? JSONReader.read(data) else { return [] }
        var hashes: [[UInt8]] = []
        collect(json, isBlob: false, into: &hashes)
        return hashes
    }

    /// Whether `blob"` stands in it, which saves parsing the rest.
    static func mayName(_ data: UnsafeRawBufferPointer) -> Bool {
        guard data.count > 64 + 5 else { return false }
        var place = 0
        while place + 5 <= data.count {
            // The member's name ends in `b"`, and most texts have few of these.
            if data[place + 4] == 0x22, data[place + 3] == UInt8(ascii: "b"), data[place] == UInt8(ascii: "b"),
                data[place + 1] == UInt8(ascii: "l"), data[place + 2] == UInt8(ascii: "o")
            {
                return true
            }
            place += 1
        }
        return false
    }

    private static func collect(_ json: JSONValue, isBlob: Bool, into hashes: inout [[UInt8]]) {
        switch json {
        case .string(let text):
            if isBlob, text.utf8.count == 64, let hash = Hex.decode(text), !hashes.contains(hash) {
                hashes.append(hash)
            }
        case .array(let items): for item in items { collect(item, isBlob: isBlob, into: &hashes) }
        case .object(let object):
            for member in object.members {
                collect(member.value, isBlob: member.key == "blob" || member.key.hasSuffix("_blob"), into: &hashes)
            }
        default: break
        }
    }
}
