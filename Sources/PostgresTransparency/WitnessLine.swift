public import Transparency

/// The way to one witness.
public protocol WitnessLine: Sendable {
    /// Who it leads to.
    var witness: Witness { get }

    /// Posts the body of an offer to ``Transparency/Witness/address``, and waits for the answer a few seconds at most.
    ///
    /// - Throws: Why there is no answer; its description goes into the log.
    func post(_ body: [UInt8]) async throws -> WitnessAnswer
}
