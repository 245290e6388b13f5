public import Accounts

extension Failure: SafelyDescribed {
    /// What may stand in the log: a fault's own text, which never holds a client's data, else the case.
    public var safeDescription: String {
        switch self {
        case .fault(let text): text
        default: "\(self)"
        }
    }
}
