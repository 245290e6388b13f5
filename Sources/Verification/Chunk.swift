import AccountDomain
import Transparency

/// A run of 65,536 positions: what a tile of level 1 spans, so that every chunk but the last is a complete subtree.
enum Chunk {
    /// How many positions it has.
    static let size: Int64 = 65_536
    /// The level of its root.
    static let level = 16

    /// The first and the last position of a chunk.
    static func positions(_ index: Int64) -> ClosedRange<Int64> { (index * size + 1)...((index + 1) * size) }
}

/// A stream's versions within a chunk, which follow each other.
struct StreamSpan {
    let high: UInt64
    let low: UInt64
    let first: Int32
    var last: Int32
    /// Where the first of them stands.
    let position: Int64

    var stream: StreamID { StreamID(high: high, low: low) }
}

/// A checkpoint whose signature is good, with the tree of the chunk's rows up to its size.
struct SignedSize {
    let checkpoint: Checkpoint
    /// Where it was found: a row, or a file.
    let source: String
    /// Whether it was saved outside the database.
    let isSaved: Bool
    /// The tree of this chunk's rows up to its size.
    var tree = MerkleFrontier()
}

/// What a chunk came to.
struct ChunkResult {
    let index: Int64
    /// The tree of its rows.
    var tree = MerkleFrontier()
    var firstTime: Int64 = 0
    var lastTime: Int64 = 0
    var streams: [StreamSpan] = []
    var checkpoints: [SignedSize] = []
    /// The last position that a stored tile vouches for.
    var tiledTo: Int64 = 0
    var tally = QuotaTally()
    var blobs = 0
    /// How many boxes were opened.
    var boxes: Int64 = 0
    /// How many events are left to be opened with their streams.
    var audited: Int64 = 0
    var findings: [Finding] = []
    /// Boxes that do not open; the rows behind them can be judged all the same.
    var shutBoxes: [Finding] = []
}
