/// That an entry stands in a tree: the hashes beside the path from its leaf to the root (RFC 6962, section 2.1.1).
public struct InclusionProof: Sendable, Equatable {
    /// Place of the entry, counted from 0.
    public let index: Int64
    /// Size of the tree.
    public let size: Int64
    /// From the leaf's sibling up to the root's child.
    public let hashes: [TreeHash]

    /// A proof made elsewhere; it proves nothing until ``root(ofLeaf:)`` is compared.
    public init(index: Int64, size: Int64, hashes: [TreeHash]) {
        self.index = index
        self.size = size
        self.hashes = hashes
    }

    /// Makes the proof from the hashes of complete subtrees.
    ///
    /// `read` is asked for ``nodes(index:size:)`` and nothing else. Traps unless `index` lies within `size`.
    public init<E: Error>(index: Int64, size: Int64, read: (TreeNode) throws(E) -> TreeHash) throws(E) {
        var hashes: [TreeHash] = []
        for range in Self.siblings(index: index, size: size) {
            hashes.append(try TreeNode.root(of: range, read: read))
        }
        self.init(index: index, size: size, hashes: hashes)
    }

    /// The subtrees whose hashes the proof is made from, so that they can be fetched together beforehand.
    public static func nodes(index: Int64, size: Int64) -> [TreeNode] {
        siblings(index: index, size: size).flatMap { TreeNode.covering($0) }
    }

    /// The root that the proof leads to from an entry's hash; nil when the proof has not exactly the hashes it needs.
    ///
    /// The proof holds when this is the root of a checkpoint of the same size that one trusts (RFC 9162, 2.1.3.2).
    public func root(ofLeaf leafHash: TreeHash) -> TreeHash? {
        guard index >= 0, index < size else { return nil }
        var place = index
        var last = size - 1
        var root = leafHash
        for hash in hashes {
            guard last > 0 else { return nil }
            if place & 1 == 1 || place == last {
                root = TreeHash.node(hash, root)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                root = TreeHash.node(root, hash)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 ? root : nil
    }

    /// Tells whether an entry with this hash stands at `index` of the tree with this root.
    public func proves(leaf leafHash: TreeHash, in root: TreeHash) -> Bool { self.root(ofLeaf: leafHash) == root }

    /// The ranges of leaves beside the path, from the bottom up.
    private static func siblings(index: Int64, size: Int64) -> [Range<Int64>] {
        precondition(index >= 0 && index < size, "an entry stands within the tree")
        var siblings: [Range<Int64>] = []
        var range = 0..<size
        while range.count > 1 {
            let middle = range.middle
            if index < middle {
                siblings.append(middle..<range.upperBound)
                range = range.lowerBound..<middle
            } else {
                siblings.append(range.lowerBound..<middle)
                range = middle..<range.upperBound
            }
        }
        return siblings.reversed()
    }
}

extension Range<Int64> {
    /// Where RFC 6962 divides the range: after the largest power of two smaller than its length.
    var middle: Int64 {
        let length = upperBound - lowerBound
        return lowerBound + (1 << Int64(Int64.bitWidth - 1 - (length - 1).leadingZeroBitCount))
    }
}
