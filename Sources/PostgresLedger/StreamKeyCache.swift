import AccountDomain
import EventCoding
import Synchronization

/// Data keys that were unwrapped lately, so that reading a row again costs no second decryption.
///
/// Once a key is destroyed in the database nobody asks for it any more, and it falls out with its generation.
final class StreamKeyCache: Sendable {
    private struct Entry {
        let wrapped: [UInt8]
        let key: StreamKey
    }

    private struct State {
        var young: [StreamID: Entry] = [:]
        var old: [StreamID: Entry] = [:]
    }

    private let state = Mutex(State())
    private let generation: Int

    init(maximumKeys: Int) { generation = maximumKeys / 2 }

    /// The key behind a wrapped form, unwrapped unless it is at hand.
    func key(
        of stream: StreamID, wrapped: [UInt8], unwrap: () throws(EventCodingError) -> StreamKey
    ) throws(EventCodingError) -> StreamKey {
        let found = state.withLock { state -> StreamKey? in
            if let entry = state.young[stream] { return entry.wrapped == wrapped ? entry.key : nil }
            guard let entry = state.old[stream], entry.wrapped == wrapped else { return nil }
            remember(entry, stream, &state)
            return entry.key
        }
        if let found { return found }
        let key = try unwrap()
        state.withLock { remember(Entry(wrapped: wrapped, key: key), stream, &$0) }
        return key
    }

    /// The key of a stream, when it is at hand.
    ///
    /// Whoever uses it learns by other means that the stream was not erased meanwhile.
    func atHand(_ stream: StreamID) -> StreamKey? {
        state.withLock { $0.young[stream]?.key ?? $0.old[stream]?.key }
    }

    private func remember(_ entry: Entry, _ stream: StreamID, _ state: inout State) {
        state.young[stream] = entry
        guard state.young.count > generation else { return }
        state.old = state.young
        state.young = [:]
    }
}
