/// The keys that signed a log's checkpoints before the present one did.
///
/// What they signed stays the log's. One whose secret half is still there signs beside the present one, so that readers
/// who know it have time to learn the other.
public struct FormerKeys: Sendable {
    /// Keys that go on signing for a while.
    public let signing: [SigningKey]
    /// Keys that sign no more: lost, stolen, or known long enough to be gone.
    public let ended: [VerifierKey]

    /// The keys of a log that had others before; none for one that did not.
    public init(signing: [SigningKey] = [], ended: [VerifierKey] = []) {
        self.signing = signing
        self.ended = ended
    }

    /// Every key whose signature makes a checkpoint this log's, apart from the present one.
    public var verifiers: [VerifierKey] { signing.map(\.verifier) + ended }

    /// The same keys under another name, as for a log's next origin.
    public func named(_ name: String) -> FormerKeys {
        FormerKeys(signing: signing.compactMap { $0.named(name) }, ended: ended.compactMap { $0.named(name) })
    }
}
