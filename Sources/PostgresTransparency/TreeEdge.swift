import Transparency

/// The right edge of the log's tree: the hashes of the partial tile of each level, from which it grows.
struct TreeEdge {
    /// How many leaves the tree has.
    private(set) var size: Int64
    /// The time of the last leaf's event, in microseconds since 1970.
    var recordedAt: Int64
    /// Per level of tiles the hashes that do not fill a tile yet.
    private var levels: [[TreeHash]]

    /// The edge of an empty tree.
    init() {
        size = 0
        recordedAt = .min
        levels = []
    }

    /// The edge of a tree of `size` leaves by its partial tiles, the leaves' first.
    init(size: Int64, recordedAt: Int64, levels: [[TreeHash]]) {
        self.size = size
        self.recordedAt = recordedAt
        self.levels = levels
    }

    /// How many leaves stand in full tiles.
    var tiledSize: Int64 { size / Int64(HashTile.width) * Int64(HashTile.width) }

    /// The leaf hashes that do not fill a tile yet.
    var tail: [TreeHash] { levels.first ?? [] }

    /// Appends a leaf; tiles that it fills go to `filled`, the lower ones first.
    mutating func append(_ leaf: TreeHash, filled: inout [HashTile]) {
        size += 1
        var hash = leaf
        var level = 0
        while true {
            if level == levels.count { levels.append([]) }
            levels[level].append(hash)
            guard levels[level].count == HashTile.width else { return }
            let index = (size >> Int64(HashTile.height * (level + 1))) - 1
            guard let tile = HashTile(level: level, index: index, hashes: levels[level]) else { return }
            filled.append(tile)
            levels[level].removeAll(keepingCapacity: true)
            hash = tile.root
            level += 1
        }
    }

    /// The tree's root.
    var root: TreeHash {
        var frontier = MerkleFrontier()
        for (level, hashes) in levels.enumerated().reversed() {
            for hash in hashes { frontier.append(subtree: hash, level: level * HashTile.height) }
        }
        return frontier.root
    }
}
