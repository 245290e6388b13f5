/// The place of a complete subtree: `level` 0 holds the leaves, and `index` counts from the left within a level.
///
/// A node of level *l* and index *i* covers the leaves from `i << l` up to, not including, `(i + 1) << l`. Once those
/// leaves exist its hash never changes.
public struct TreeNode: Sendable, Hashable {
    /// Height above the leaves, 0 to 62.
    public let level: Int
    /// Place within the level, counted from 0.
    public let index: Int64

    /// The node at a level and an index.
    public init(level: Int, index: Int64) {
        precondition((0..<63).contains(level) && index >= 0, "a node has a level and an index")
        self.level = level
        self.index = index
    }

    /// The leaves below.
    public var leaves: Range<Int64> { (index << Int64(level))..<((index + 1) << Int64(level)) }

    /// The complete subtrees, from left to right, that the tree over `leaves` is made of.
    ///
    /// This is how RFC 6962 divides a list: the largest power of two first. Holds for a range that begins on a
    /// multiple of a power of two not smaller than its length, as those of every tree and every proof do.
    static func covering(_ leaves: Range<Int64>) -> [TreeNode] {
        var nodes: [TreeNode] = []
        var first = leaves.lowerBound
        while first < leaves.upperBound {
            let left = leaves.upperBound - first
            let level = Int64.bitWidth - 1 - left.leadingZeroBitCount
            nodes.append(TreeNode(level: level, index: first >> Int64(level)))
            first += 1 << Int64(level)
        }
        return nodes
    }

    /// The root of the tree over `leaves`, from the hashes of the complete subtrees it is made of.
    static func root<E: Error>(of leaves: Range<Int64>, read: (TreeNode) throws(E) -> TreeHash) throws(E) -> TreeHash {
        var root: TreeHash?
        for node in covering(leaves).reversed() {
            let hash = try read(node)
            root = root.map { TreeHash.node(hash, $0) } ?? hash
        }
        return root ?? .empty
    }
}
