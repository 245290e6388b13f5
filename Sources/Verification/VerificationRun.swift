import Transparency

/// What all threads of a run know: what the log looked like when it began.
struct VerificationRun: Sendable {
    let log: Int16
    /// The log's name.
    let origin: String
    /// The last position of the snapshot.
    let head: Int64
    /// Up to where full tiles must be there: the newest checkpoint that can be believed, or the last tile.
    let sealedSize: Int64
    /// Checkpoints from files that can be believed.
    let saved: [SignedSize]
    let judge: CheckpointJudge
    /// Whether this user may look at keys.
    let readsKeys: Bool
}
