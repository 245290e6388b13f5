import Crypto

/// HMAC-SHA-256 (RFC 2104) under one key, for many short messages.
///
/// Both hashes are kept as they are once the padded key has gone through them, which is half of the work. Crypto's own
/// form can be kept begun as well, but takes every message through several generic layers.
struct BegunHMAC: Sendable {
    private let inner: SHA256
    private let outer: SHA256

    init(key: SymmetricKey) {
        // A longer key would have to be hashed; ours never are.
        precondition(key.bitCount <= Self.blockBytes * 8, "an HMAC's key of another size")
        inner = Self.begin(key, with: 0x36)
        outer = Self.begin(key, with: 0x5C)
    }

    private static let blockBytes = 64

    private static func begin(_ key: SymmetricKey, with pad: UInt8) -> SHA256 {
        var block = [UInt8](repeating: pad, count: blockBytes)
        key.withUnsafeBytes { key in
            for place in 0..<key.count { block[place] ^= key[place] }
        }
        var hash = SHA256()
        block.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hash
    }

    func code(of message: [UInt8]) -> SHA256Digest {
        var (inner, outer) = (inner, outer)
        message.withUnsafeBytes { inner.update(bufferPointer: $0) }
        inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
        return outer.finalize()
    }
}
