import Crypto
import StrictJSON

/// A hash in a log's Merkle tree: SHA-256 over a leaf or over two nodes (RFC 6962, section 2.1).
///
/// Four words rather than an array, so that millions of them cost no allocation.
public struct TreeHash: Sendable, Hashable, CustomStringConvertible {
    private let first, second, third, fourth: UInt64

    /// How many bytes a hash has.
    public static let byteCount = 32

    /// The root of a tree without leaves: SHA-256 of nothing.
    public static let empty = TreeHash(SHA256.hash(data: [UInt8]()))

    /// The hash of an entry: SHA-256 of a zero byte and the entry.
    public static func leaf(_ entry: [UInt8]) -> TreeHash { entry.withUnsafeBytes { leaf($0) } }

    /// The hash of an entry: SHA-256 of a zero byte and the entry.
    public static func leaf(_ entry: UnsafeRawBufferPointer) -> TreeHash {
        withUnsafeTemporaryAllocation(byteCount: entry.count + 1, alignment: 8) { buffer in
            buffer[0] = 0
            UnsafeMutableRawBufferPointer(rebasing: buffer[1...]).copyMemory(from: entry)
            return sha256(UnsafeRawBufferPointer(buffer))
        }
    }

    /// The hash of a node: SHA-256 of a one byte and the node's two children.
    public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        withUnsafeTemporaryAllocation(byteCount: 1 + 2 * byteCount, alignment: 8) { buffer in
            buffer[0] = 1
            left.store(into: buffer, at: 1)
            right.store(into: buffer, at: 1 + byteCount)
            return sha256(UnsafeRawBufferPointer(buffer))
        }
    }

    /// SHA-256 of bytes that need no copy.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> TreeHash {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        return TreeHash(hasher.finalize())
    }

    /// A hash of exactly 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self = Array(bytes).withUnsafeBytes { TreeHash(copying: $0, at: 0) }
    }

    /// The hash that stands at `offset` of `bytes`.
    ///
    /// Traps when fewer than 32 bytes are left there.
    public init(copying bytes: UnsafeRawBufferPointer, at offset: Int) {
        first = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        second = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
        third = bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
        fourth = bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self)
    }

    /// A hash from its one canonical spelling in base64, nil for any other text.
    public init?(base64 text: String) {
        guard let bytes = Base64.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    private init(_ digest: SHA256.Digest) {
        self = digest.withUnsafeBytes { TreeHash(copying: $0, at: 0) }
    }

    /// Writes the 32 bytes at `offset` of `buffer`.
    ///
    /// Traps when fewer than 32 bytes are left there.
    public func store(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
        buffer.storeBytes(of: first, toByteOffset: offset, as: UInt64.self)
        buffer.storeBytes(of: second, toByteOffset: offset + 8, as: UInt64.self)
        buffer.storeBytes(of: third, toByteOffset: offset + 16, as: UInt64.self)
        buffer.storeBytes(of: fourth, toByteOffset: offset + 24, as: UInt64.self)
    }

    /// The bytes.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            store(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            count = Self.byteCount
        }
    }

    /// The bytes in base64, as checkpoints and proofs spell them.
    public var base64: String { Base64.encode(bytes) }

    /// Lower-case hex digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
