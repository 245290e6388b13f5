import Transparency

/// Tells whose checkpoint a note is.
struct CheckpointJudge: Sendable {
    /// The log's name today: `name`, or `name/2` once a second origin was opened.
    let origin: String
    /// The keys that sign for it, or did; none to leave signatures alone.
    let verifiers: [VerifierKey]

    /// The checkpoint in a note.
    ///
    /// - Returns: the checkpoint, or why it cannot be believed.
    func judge(_ note: SignedNote) -> Result<Checkpoint, Refusal> {
        guard let checkpoint = try? Checkpoint(note.text) else { return .failure(Refusal("is no checkpoint")) }
        guard Origin.isOf(log: origin, checkpoint.origin) else {
            return .failure(Refusal("belongs to another log"))
        }
        guard !verifiers.isEmpty else { return .success(checkpoint) }
        do {
            try note.verify(with: verifiers.compactMap { $0.named(checkpoint.origin) })
            return .success(checkpoint)
        } catch {
            return .failure(
                Refusal(
                    error == .noKnownSignature
                        ? "is not signed by the log's key" : "bears a signature that does not fit what it says"))
        }
    }

    /// The checkpoint of a row of `ledger.checkpoints`, whose columns must say the same as its note.
    func judge(size: Int64, root: [UInt8], note: String) -> Result<Checkpoint, Refusal> {
        guard let signed = try? SignedNote(note) else { return .failure(Refusal("is no signed note")) }
        return judge(signed).flatMap { checkpoint in
            checkpoint.size == size && checkpoint.root.bytes == root
                ? .success(checkpoint) : .failure(Refusal("says something else than the row it stands in"))
        }
    }

    /// Why a checkpoint is not believed.
    struct Refusal: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }
}
