import Synchronization

/// Whether a gateway appends, and why not: shut when the database turns out not to be the one it was.
public final class WriteGate: Sendable {
    private let state = Mutex<String?>(nil)

    /// A gate that is open.
    public init() {}

    /// Why nothing is appended; nil while appends go on.
    public var reason: String? { state.withLock { $0 } }

    /// Refuses appends from now on, and says why; a reason given before stays.
    public func shut(_ reason: String) { state.withLock { if $0 == nil { $0 = reason } } }

    /// Lets appends go on.
    public func open() { state.withLock { $0 = nil } }
}
