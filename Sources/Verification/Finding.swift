public import AccountDomain

/// Something of the log that is not what it must be.
///
/// It names places, counts and hashes, never anything that a person gave, so it may stand in a log line.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing is wrong.
    public enum Kind: String, Sendable, CaseIterable {
        /// A position is missing.
        case missing
        /// The time lies before that of the event in front.
        case time
        /// A stream lacks a version, or has one twice or out of order.
        case version
        /// A box has another hash than the row says.
        case secretHash = "secret-hash"
        /// A row is not what was sealed.
        case leaf
        /// A stored tile is missing or does not follow from the rows.
        case tile
        /// A checkpoint is not signed by the log's key, or says something else than the rows.
        case checkpoint
        /// A checkpoint saved earlier is not a beginning of the log.
        case rollback
        /// A blob is missing, or is not what its event names.
        case blob
        /// A box was taken away though nothing was erased.
        case tombstone
        /// A stream's key is missing, destroyed without cause, or does not fit.
        case key
        /// A counter is not what the events add up to.
        case quota
        /// A unique value is reserved without cause, or should be and is not.
        case reservation
        /// A box does not open, or holds something else than its type asks for.
        case box
    }

    /// What kind of thing is wrong.
    public let kind: Kind
    /// The position it was found at; nil for what belongs to no event.
    public let position: Int64?
    /// The stream it concerns.
    public let stream: StreamID?
    /// What is wrong, in a sentence.
    public let detail: String

    /// A finding.
    public init(_ kind: Kind, position: Int64? = nil, stream: StreamID? = nil, _ detail: String) {
        self.kind = kind
        self.position = position
        self.stream = stream
        self.detail = detail
    }

    /// The line for a person.
    public var description: String {
        let place = position.map { "position \($0)" } ?? stream.map { "stream \($0)" } ?? "log"
        return "\(place): \(kind.rawValue): \(detail)"
    }

    /// In the order of the log; what has no position comes last.
    static func precedes(_ left: Finding, _ right: Finding) -> Bool {
        (left.position ?? .max) < (right.position ?? .max)
    }
}
