import Synchronization

/// Whether a gateway appends, and why not: shut when the database turns out not to be the one it was.
public final class WriteGate: Sendable {
    private struct State {
        var reason: String?
        var isSetBack = false
    }

    private let state = Mutex(State())

    /// A gate that is open.
    public init() {}

    /// Why nothing is appended; nil while appends go on.
    public var reason: String? { state.withLock { $0.reason } }

    /// Refuses appends from now on, and says why.
    public func shut(_ reason: String) { state.withLock { $0.reason = reason } }

    /// Refuses appends until somebody has judged what the database is now.
    func noteSetBack() {
        state.withLock { state in
            state.isSetBack = true
            state.reason = state.reason ?? "the log ends before what was read of it; looking at what is left"
        }
    }

    /// Whether the database must be judged.
    var isSetBack: Bool { state.withLock { $0.isSetBack } }

    /// Ends the judging: refuses for a reason, or lets appends go on.
    func judged(_ reason: String?) {
        state.withLock { state in
            state.isSetBack = false
            state.reason = reason
        }
    }
}
