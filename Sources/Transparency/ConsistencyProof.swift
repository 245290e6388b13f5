/// That a tree was only extended: how the root of its first `from` leaves and the root of `size` leaves hang together
/// (RFC 6962, section 2.1.2).
public struct ConsistencyProof: Sendable, Equatable {
    /// Size of the older tree.
    public let from: Int64
    /// Size of the newer tree.
    public let size: Int64
    /// The hashes, in the RFC's order; none when a tree is compared with itself or with the empty one.
    public let hashes: [TreeHash]

    /// A proof made elsewhere; it proves nothing until ``proves(_:extendedTo:)`` was asked.
    public init(from: Int64, size: Int64, hashes: [TreeHash]) {
        self.from = from
        self.size = size
        self.hashes = hashes
    }

    /// Makes the proof from the hashes of complete subtrees.
    ///
    /// `read` is asked for ``nodes(from:size:)`` and nothing else. Traps unless `from` lies within `size`.
    public init<E: Error>(from: Int64, size: Int64, read: (TreeNode) throws(E) -> TreeHash) throws(E) {
        var hashes: [TreeHash] = []
        for range in Self.ranges(from: from, size: size) { hashes.append(try TreeNode.root(of: range, read: read)) }
        self.init(from: from, size: size, hashes: hashes)
    }

    /// The subtrees whose hashes the proof is made from, so that they can be fetched together beforehand.
    public static func nodes(from: Int64, size: Int64) -> [TreeNode] {
        ranges(from: from, size: size).flatMap { TreeNode.covering($0) }
    }

    /// Tells whether the tree with `older` as its root is the beginning of the tree with `newer` as its root.
    ///
    /// RFC 9162, section 2.1.4.2. Every tree extends the empty one.
    public func proves(_ older: TreeHash, extendedTo newer: TreeHash) -> Bool {
        guard from >= 0, from <= size else { return false }
        if from == size { return hashes.isEmpty && older == newer }
        if from == 0 { return hashes.isEmpty && older == .empty }
        var path = hashes[...]
        var place = from - 1
        var last = size - 1
        while place & 1 == 1 {
            place >>= 1
            last >>= 1
        }
        // A power of two is a complete subtree: its root is the first hash, and left out.
        let start = from.nonzeroBitCount == 1 ? older : path.popFirst()
        guard let start else { return false }
        var left = start
        var whole = start
        for hash in path {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                left = TreeHash.node(hash, left)
                whole = TreeHash.node(hash, whole)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                whole = TreeHash.node(whole, hash)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && left == older && whole == newer
    }

    /// The ranges of leaves whose roots make the proof, in its order.
    private static func ranges(from: Int64, size: Int64) -> [Range<Int64>] {
        precondition(from >= 0 && from <= size, "the older tree is not larger")
        guard from > 0, from < size else { return [] }
        var ranges: [Range<Int64>] = []
        var range = 0..<size
        var isWholeOlderTree = true
        while range.upperBound != from {
            let middle = range.middle
            if from <= middle {
                ranges.append(middle..<range.upperBound)
                range = range.lowerBound..<middle
            } else {
                ranges.append(range.lowerBound..<middle)
                range = middle..<range.upperBound
                isWholeOlderTree = false
            }
        }
        if !isWholeOlderTree { ranges.append(range) }
        return ranges.reversed()
    }
}
