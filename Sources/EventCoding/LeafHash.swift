public import AccountDomain
import Crypto

extension StoredEvent {
    /// The row as a leaf of the log's Merkle tree (docs/log.md): a fixed layout, big-endian, payloads as SHA-256.
    ///
    /// Whoever has the row can recompute it, so nothing but the row goes into it; the box counts by its hash, which
    /// stays when the box is purged.
    public var leaf: [UInt8] {
        let name = Array(type.utf8)
        var leaf: [UInt8] = []
        leaf.reserveCapacity(152 + name.count)
        leaf.append(0x01)
        leaf.append(bigEndian: position)
        leaf.append(bigEndian: recordedAt.microseconds)
        leaf.append(contentsOf: stream.bytes)
        leaf.append(contentsOf: command.bytes)
        leaf.append(bigEndian: version)
        leaf.append(bigEndian: UInt16(truncatingIfNeeded: name.count))
        leaf.append(contentsOf: name)
        leaf.append(contentsOf: SHA256.hash(data: meta))
        leaf.append(contentsOf: SHA256.hash(data: data))
        if let secretHash {
            leaf.append(0x01)
            leaf.append(contentsOf: secretHash)
        } else {
            leaf.append(0x00)
        }
        return leaf
    }

    /// The leaf's hash (RFC 6962, section 2.1): SHA-256 of a zero byte and the leaf.
    public var leafHash: AccountDomain.Digest { .sha256(of: [0x00] + leaf) }
}
