import Synchronization

/// How long after its append an event is sealed, at worst.
final class SealingLag: Sendable {
    private struct State {
        /// When the log was seen to have grown, and to where.
        var growth: [(head: Int64, at: ContinuousClock.Instant)] = []
        var worst: Duration = .zero
        var checkpoints = 0
        var sealed: Int64 = 0
    }

    private let state = Mutex(State())

    /// The longest time so far.
    var worst: Duration { state.withLock { $0.worst } }

    /// How many checkpoints there were.
    var checkpoints: Int { state.withLock { $0.checkpoints } }

    /// Notes that the log has grown.
    func grew(to head: Int64) { state.withLock { $0.growth.append((head, .now)) } }

    /// Notes a checkpoint.
    func sealed(to size: Int64) {
        state.withLock { state in
            state.checkpoints += 1
            state.sealed = size
            if let first = state.growth.first, first.head <= size { state.worst = max(state.worst, .now - first.at) }
            state.growth.removeAll { $0.head <= size }
        }
    }

    /// Begins anew, as after what is not measured.
    func restart() {
        state.withLock { state in
            state.worst = .zero
            state.checkpoints = 0
        }
    }
}
