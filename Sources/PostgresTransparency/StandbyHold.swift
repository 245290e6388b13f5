/// A standby that keeps the sealer from signing more, and why.
struct StandbyHold: Equatable, CustomStringConvertible {
    /// What is the matter with it.
    enum Reason {
        /// It is not connected to the primary.
        case isAway
        /// The sealer's user may not see how far it is.
        case isHidden
        /// It is connected, and has not told how far it is.
        case isStarting
        /// It has not got on disk what waits to be signed.
        case isBehind
    }

    let name: String
    let reason: Reason

    init(_ name: String, _ reason: Reason) {
        self.name = name
        self.reason = reason
    }

    /// A sentence for the operator, without its full stop.
    var description: String {
        switch reason {
        case .isAway: "the standby \(name) is not connected"
        case .isHidden:
            "how far the standby \(name) is cannot be seen; grant pg_read_all_stats to the gateway's database user"
        case .isStarting: "the standby \(name) does not stream yet"
        case .isBehind: "the standby \(name) is behind"
        }
    }
}
