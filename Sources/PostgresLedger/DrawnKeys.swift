import AccountDomain
import EventCoding
import Synchronization

/// Keys of streams that do not exist yet, drawn early because a blob was sealed, or a one-time secret derived, before the
/// stream's first event was made.
final class DrawnKeys: Sendable {
    private struct State {
        var keys: [StreamID: StreamKey] = [:]
        var order: [StreamID] = []
    }

    /// A creation takes its key within moments; what nobody took any more is forgotten.
    private static let most = 1_024

    private let state = Mutex(State())

    /// The key drawn for a stream; `draws` when there is none yet.
    func key(of stream: StreamID, draws: () -> StreamKey) -> StreamKey {
        state.withLock { state in
            if let key = state.keys[stream] { return key }
            let key = draws()
            state.keys[stream] = key
            state.order.append(stream)
            if state.order.count > Self.most { state.keys.removeValue(forKey: state.order.removeFirst()) }
            return key
        }
    }

    /// The key drawn for a stream, when one was.
    func find(_ stream: StreamID) -> StreamKey? { state.withLock { $0.keys[stream] } }
}
