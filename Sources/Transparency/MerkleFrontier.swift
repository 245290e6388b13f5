/// The right edge of a growing Merkle tree: the roots of the complete subtrees it is made of, at most 63 hashes.
///
/// Enough to append and to tell the root, whatever the size; nothing else of the tree is kept.
public struct MerkleFrontier: Sendable, Equatable {
    /// How many leaves the tree has.
    public private(set) var size: Int64 = 0
    /// The complete subtrees' roots, largest first: one for each bit set in `size`.
    public private(set) var peaks: [TreeHash] = []

    /// The edge of an empty tree.
    public init() {}

    /// The edge of a tree of `size` leaves, from hashes stored earlier.
    ///
    /// `read` is asked for ``nodes(ofSize:)`` in turn.
    public init<E: Error>(size: Int64, read: (TreeNode) throws(E) -> TreeHash) throws(E) {
        for node in Self.nodes(ofSize: size) { peaks.append(try read(node)) }
        self.size = size
    }

    /// The edge from its own parts; nil unless there are as many peaks as bits set in `size`.
    public init?(size: Int64, peaks: [TreeHash]) {
        guard size >= 0, peaks.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.peaks = peaks
    }

    /// The complete subtrees that a tree of `size` leaves is made of, from left to right.
    public static func nodes(ofSize size: Int64) -> [TreeNode] { TreeNode.covering(0..<size) }

    /// Appends a leaf by its hash.
    public mutating func append(_ leafHash: TreeHash) { append(subtree: leafHash, level: 0) }

    /// Appends a whole complete subtree of 2^`level` leaves by its root.
    ///
    /// Traps unless the tree's size is a multiple of 2^`level`: elsewhere no such subtree can stand.
    public mutating func append(subtree hash: TreeHash, level: Int) {
        precondition(size & ((1 << Int64(level)) - 1) == 0, "a subtree begins at a multiple of its own size")
        var hash = hash
        var carry = size >> Int64(level)
        while carry & 1 == 1 {
            hash = TreeHash.node(peaks.removeLast(), hash)
            carry >>= 1
        }
        peaks.append(hash)
        size += 1 << Int64(level)
    }

    /// The root of the tree (RFC 6962, section 2.1).
    public var root: TreeHash {
        guard var root = peaks.last else { return .empty }
        for peak in peaks.dropLast().reversed() { root = TreeHash.node(peak, root) }
        return root
    }
}
