public import AccountDomain
import Crypto

extension StoredEvent {
    /// The row as a leaf of the log's Merkle tree (docs/log.md): a fixed layout, big-endian, payloads as SHA-256.
    ///
    /// Whoever has the row can recompute it, so nothing but the row goes into it; the box counts by its hash, which
    /// stays when the box is purged.
    public var leaf: [UInt8] {
        var leaf: [UInt8] = []
        leaf.reserveCapacity(Self.maximumLeaf)
        append(to: &leaf)
        return leaf
    }

    /// The leaf's hash (RFC 6962, section 2.1): SHA-256 of a zero byte and the leaf.
    public var leafHash: AccountDomain.Digest {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 + Self.maximumLeaf)
        bytes.append(0x00)
        append(to: &bytes)
        return .sha256(of: bytes)
    }

    /// With a type of 64 bytes and the hash of a box.
    private static let maximumLeaf = 216

    private func append(to leaf: inout [UInt8]) {
        leaf.append(0x01)
        leaf.append(bigEndian: position)
        leaf.append(bigEndian: recordedAt.microseconds)
        leaf.append(bigEndian: stream.high)
        leaf.append(bigEndian: stream.low)
        leaf.append(bigEndian: command.high)
        leaf.append(bigEndian: command.low)
        leaf.append(bigEndian: version)
        leaf.append(bigEndian: UInt16(truncatingIfNeeded: type.utf8.count))
        leaf.append(contentsOf: type.utf8)
        leaf.append(sha256Of: meta)
        leaf.append(sha256Of: data)
        if let secretHash {
            leaf.append(0x01)
            leaf.append(contentsOf: secretHash)
        } else {
            leaf.append(0x00)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(sha256Of bytes: [UInt8]) {
        var hasher = SHA256()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        hasher.finalize().withUnsafeBytes { append(contentsOf: $0) }
    }
}
