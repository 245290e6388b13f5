/// Why a witness did not cosign.
enum WitnessTrouble: Error, CustomStringConvertible {
    /// It saw a larger log than ours is.
    case behind(saw: Int64, have: Int64)
    /// It saw another tree of this size.
    case otherTree(Int64)
    /// What it saw is not the beginning of what we have.
    case rewritten(saw: Int64, have: Int64)
    /// It answers with this status.
    case refused(Int)
    /// No line of its answer is by its key.
    case notCosigned
    /// The sizes here and there do not come to rest.
    case restless

    /// Whether the log itself is in question, so that an operator must look at it.
    var isAlarm: Bool {
        switch self {
        case .behind, .otherTree, .rewritten: true
        default: false
        }
    }

    /// A sentence for the operator.
    var description: String {
        switch self {
        case .behind(let saw, let have):
            "it saw a log of \(saw) events, and the newest checkpoint here is of \(have): the log was set back"
        case .otherTree(let size): "it saw another tree of \(size) events: the log is not the one it was"
        case .rewritten(let saw, let have):
            "the \(saw) events that it saw are not the first of the \(have) here: the log is not the one it was"
        case .refused(404): "it does not know this log (404)"
        case .refused(403): "it does not know the key that signs this log (403)"
        case .refused(let status): "it answers with \(status)"
        case .notCosigned: "its answer has no cosignature by the key that is configured"
        case .restless: "the size that it saw does not come to rest"
        }
    }
}
