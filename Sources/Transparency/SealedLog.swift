/// A checkpoint that a log has published, with its note byte for byte.
public struct SealedCheckpoint: Sendable, Equatable {
    /// How many events the tree has: the position of its last one.
    public let size: Int64
    /// The tree's root.
    public let root: TreeHash
    /// The signed note, cosignatures included.
    public let note: String

    /// A checkpoint.
    public init(size: Int64, root: TreeHash, note: String) {
        self.size = size
        self.root = root
        self.note = note
    }
}

/// The log as auditors read it: checkpoints, tiles, bundles and proofs, up to what is sealed.
///
/// Whatever lies beyond the newest checkpoint does not exist here yet.
public protocol SealedLog: Sendable {
    /// The newest checkpoint; nil before the first.
    func newestCheckpoint() async throws -> SealedCheckpoint?

    /// The checkpoint of exactly this size; nil when none was signed.
    func checkpoint(ofSize size: Int64) async throws -> SealedCheckpoint?

    /// The first `width` hashes of a tile, as they are served; nil when the sealed tree has no such tile.
    func tile(level: Int, index: Int64, width: Int) async throws -> [UInt8]?

    /// The first `width` entries of a bundle, as they are served; nil when the sealed tree has no such entries.
    func entries(index: Int64, width: Int) async throws -> [UInt8]?

    /// The hash of a leaf, counted from 0, and the proof that it stands in the tree of `size` leaves.
    ///
    /// - Returns: nil when the sealed tree is smaller, or the leaf lies beyond `size`.
    func inclusion(of index: Int64, inTreeOf size: Int64) async throws -> ProvenLeaf?

    /// The roots of two trees and the proof that the larger one extends the smaller one.
    ///
    /// - Returns: nil when the sealed tree is smaller than the larger one, or the smaller one is the larger.
    func consistency(from: Int64, to: Int64) async throws -> ProvenExtension?
}

/// A leaf and the proof that it stands in a tree.
public struct ProvenLeaf: Sendable, Equatable {
    /// The leaf's hash.
    public let leafHash: TreeHash
    /// The proof.
    public let proof: InclusionProof

    /// A leaf with its proof.
    public init(leafHash: TreeHash, proof: InclusionProof) {
        self.leafHash = leafHash
        self.proof = proof
    }
}

/// The roots of two trees and the proof that one extends the other.
public struct ProvenExtension: Sendable, Equatable {
    /// The root of the smaller tree.
    public let older: TreeHash
    /// The root of the larger tree.
    public let newer: TreeHash
    /// The proof.
    public let proof: ConsistencyProof

    /// Two roots with their proof.
    public init(older: TreeHash, newer: TreeHash, proof: ConsistencyProof) {
        self.older = older
        self.newer = newer
        self.proof = proof
    }
}
