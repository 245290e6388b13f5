/// A tile of a log's Merkle tree: up to 256 consecutive hashes of one level (C2SP tlog-tiles).
///
/// Tile level *L* holds the roots of complete subtrees of 256^*L* leaves, so it spans the tree's levels 8*L* to
/// 8*L* + 8; the hashes between are computed from those it holds.
public struct HashTile: Sendable, Equatable {
    /// How many hashes a full tile has.
    public static let width = 256
    /// How many levels of the tree a tile spans.
    public static let height = 8

    /// Level of the tile, 0 holding the leaves' hashes.
    public let level: Int
    /// Place within the level, counted from 0.
    public let index: Int64
    /// The hashes, 1 to 256.
    public let hashes: [TreeHash]

    /// A tile of 1 to 256 hashes; nil for any other number.
    public init?(level: Int, index: Int64, hashes: [TreeHash]) {
        guard (1...Self.width).contains(hashes.count), (0...7).contains(level), index >= 0 else { return nil }
        self.level = level
        self.index = index
        self.hashes = hashes
    }

    /// A tile from its bytes as served and stored; nil unless they are 1 to 256 whole hashes.
    public init?(level: Int, index: Int64, bytes: [UInt8]) {
        guard bytes.count % TreeHash.byteCount == 0 else { return nil }
        let hashes = bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count, by: TreeHash.byteCount).map { TreeHash(copying: buffer, at: $0) }
        }
        self.init(level: level, index: index, hashes: hashes)
    }

    /// The bytes as served and stored.
    public var bytes: [UInt8] { hashes.flatMap(\.bytes) }

    /// The root of a full tile, which is one hash of the tile above; of a partial one, the root of what it holds.
    public var root: TreeHash {
        var frontier = MerkleFrontier()
        for hash in hashes { frontier.append(hash) }
        return frontier.root
    }

    /// The hash of a node that lies in this tile; nil when it lies elsewhere or beyond the hashes held.
    public func hash(of node: TreeNode) -> TreeHash? {
        let height = node.level - level * Self.height
        guard (0...Self.height).contains(height) else { return nil }
        let first = (node.index << Int64(height)) - index * Int64(Self.width)
        guard first >= 0, first + (1 << Int64(height)) <= Int64(hashes.count) else { return nil }
        var level = Array(hashes[Int(first)..<Int(first) + (1 << height)])
        while level.count > 1 {
            level = stride(from: 0, to: level.count, by: 2).map { TreeHash.node(level[$0], level[$0 + 1]) }
        }
        return level.first
    }

    /// The tile that holds what is needed for a node: the lowest one that has it or the hashes below it.
    ///
    /// - Returns: its level and index.
    public static func place(of node: TreeNode) -> (level: Int, index: Int64) {
        let level = node.level / height
        let inside = node.level % height
        return (level, node.index >> Int64(height - inside))
    }

    /// How many hashes the tile has in a tree of `size` leaves; 0 when the tree has no such tile.
    public static func width(level: Int, index: Int64, inTreeOf size: Int64) -> Int {
        guard (0...7).contains(level), index >= 0 else { return 0 }
        let hashes = size >> Int64(level * height)
        guard index <= hashes / Int64(width) else { return 0 }
        return Int(min(hashes - index * Int64(width), Int64(width)))
    }
}
