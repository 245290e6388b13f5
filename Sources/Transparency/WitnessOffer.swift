/// What a log sends to a witness: a checkpoint, and that it extends what the witness saw last (C2SP tlog-witness,
/// `add-checkpoint`).
public struct WitnessOffer: Sendable, CustomStringConvertible {
    /// From the size that the witness knows to the checkpoint's.
    public let proof: ConsistencyProof
    /// The checkpoint.
    public let note: SignedNote

    /// An offer of a checkpoint, whose size is that of the proof.
    public init(_ note: SignedNote, _ proof: ConsistencyProof) {
        self.note = note
        self.proof = proof
    }

    /// The request's body.
    public var description: String {
        "old \(proof.from)\n" + proof.hashes.map { "\($0.base64)\n" }.joined() + "\n\(note)"
    }
}
