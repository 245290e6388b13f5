/// Why nothing more is signed: the log holds, or a signature would vouch for, something that cannot be right.
///
/// It names places and counts, never anything stored, so it may stand in a log line and in an answer.
public struct SealingFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing is wrong.
    public enum Kind: String, Sendable, CaseIterable {
        /// A position is missing.
        case gap
        /// A time lies before that of the event in front.
        case timeFalls = "time-falls"
        /// A stream lacks a version, or has one twice.
        case version
        /// A box has another hash than the one that is sealed.
        case secretHash = "secret-hash"
        /// A row has no leaf.
        case malformed
        /// What was signed before is no longer what the rows and tiles say.
        case changed
        /// The log is shorter than its newest checkpoint.
        case shortened
        /// Another event stands where this gateway appended one.
        case difference
        /// The newest checkpoint was signed by another key.
        case foreignKey = "foreign-key"
    }

    /// What kind of thing is wrong.
    public let kind: Kind
    /// The position it was found at; for a checkpoint its size.
    public let position: Int64
    /// A sentence for the operator.
    public let description: String

    init(_ kind: Kind, at position: Int64, _ description: String) {
        self.kind = kind
        self.position = position
        self.description = description
    }
}
