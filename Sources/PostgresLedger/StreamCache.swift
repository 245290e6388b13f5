import AccountDomain
import Synchronization

/// The streams a gateway has in memory, complete up to a common position, the tail.
///
/// The tail advances with the gateway's own appends while it is alone on its log, and with the tailer otherwise; what
/// the tailer meets that is newer than an entry drops the entry. Two generations bound the memory: when the young one
/// is full it becomes the old one, and what is used again is carried over.
final class StreamCache: Sendable {
    private struct State {
        var young: [StreamID: StreamEntry] = [:]
        var old: [StreamID: StreamEntry] = [:]
        var youngBytes = 0
        var tail: Int64 = 0
        /// Streams on their way from the database, and whether an event of theirs was met meanwhile.
        var loading: [StreamID: Loading] = [:]
    }

    private struct Loading {
        var count = 0
        var isStale = false
    }

    private let state = Mutex(State())
    private let generationBytes: Int

    init(maximumBytes: Int) { generationBytes = maximumBytes / 2 }

    /// Up to where the cache is complete.
    var tail: Int64 { state.withLock { $0.tail } }

    /// How many streams are in memory.
    var count: Int { state.withLock { $0.young.count + $0.old.count } }

    /// The entries of some streams, or nil for those that must be loaded, and the tail.
    func find(_ streams: [StreamID]) -> (entries: [StreamEntry?], tail: Int64) {
        state.withLock { state in (streams.map { find($0, &state) }, state.tail) }
    }

    func find(_ stream: StreamID) -> (entry: StreamEntry?, tail: Int64) {
        state.withLock { state in (find(stream, &state), state.tail) }
    }

    private func find(_ stream: StreamID, _ state: inout State) -> StreamEntry? {
        if let entry = state.young[stream] { return entry }
        guard let entry = state.old.removeValue(forKey: stream) else { return nil }
        insert(entry, stream, &state)
        return entry
    }

    private func insert(_ entry: StreamEntry, _ stream: StreamID, _ state: inout State) {
        let previous = state.young.updateValue(entry, forKey: stream)
        state.youngBytes += entry.approximateBytes - (previous?.approximateBytes ?? 0)
        guard state.youngBytes > generationBytes else { return }
        state.old = state.young
        state.young = [:]
        state.youngBytes = 0
    }

    /// Announces a load: from now on events of the stream that are met make its result stale.
    func beginLoading(_ stream: StreamID) { state.withLock { $0.loading[stream, default: Loading()].count += 1 } }

    /// Takes a loaded entry, unless the stream has moved while it was on its way.
    ///
    /// - Returns: whether it was taken; otherwise it must be loaded again.
    func finishLoading(_ stream: StreamID, _ entry: StreamEntry?) -> Bool {
        state.withLock { state in
            guard var loading = state.loading[stream] else { return false }
            loading.count -= 1
            let isStale = loading.isStale && loading.count >= 0
            state.loading[stream] = loading.count > 0 ? loading : nil
            guard let entry, !isStale || entry.loadedAt >= state.tail else { return false }
            if let present = find(stream, &state), present.version >= entry.version { return true }
            insert(entry, stream, &state)
            return true
        }
    }

    /// Replaces the entries of streams that were just appended to, and advances the tail when nobody else appended.
    ///
    /// - Parameters:
    ///   - entries: the streams' new states.
    ///   - head: the log's head before the append.
    ///   - newHead: the head after it.
    /// - Returns: whether others have appended since the tail, so that the tailer should look.
    func appended(_ entries: [(StreamID, StreamEntry)], head: Int64, newHead: Int64) -> Bool {
        state.withLock { state in
            // The tailer may have read past this append before its answer came: then somebody else's event may follow
            // these states, and the tail would vouch for them.
            let isOvertaken = state.tail > newHead
            for (stream, entry) in entries {
                remove(stream, &state)
                if !isOvertaken { insert(entry, stream, &state) }
                state.loading[stream]?.isStale = true
            }
            if head == state.tail {
                state.tail = newHead
                return false
            }
            return head > state.tail
        }
    }

    /// Takes what the tailer read: events after `from`, which was the tail when it asked, up to `to`.
    func advance(from: Int64, to: Int64, events: [(stream: StreamID, version: Int32)]) {
        state.withLock { state in
            for event in events {
                state.loading[event.stream]?.isStale = true
                if let entry = state.young[event.stream], entry.version < event.version {
                    state.young.removeValue(forKey: event.stream)
                    state.youngBytes -= entry.approximateBytes
                }
                if let entry = state.old[event.stream], entry.version < event.version {
                    state.old.removeValue(forKey: event.stream)
                }
            }
            state.tail = max(state.tail, to)
        }
    }

    /// Forgets one stream.
    func forget(_ stream: StreamID) {
        state.withLock { remove(stream, &$0) }
    }

    private func remove(_ stream: StreamID, _ state: inout State) {
        if let entry = state.young.removeValue(forKey: stream) { state.youngBytes -= entry.approximateBytes }
        state.old.removeValue(forKey: stream)
    }

    /// Forgets everything and starts again from a position: after the tailer failed.
    func restart(at tail: Int64) {
        state.withLock { state in
            state.young = [:]
            state.old = [:]
            state.youngBytes = 0
            for stream in state.loading.keys { state.loading[stream]?.isStale = true }
            state.tail = tail
        }
    }
}
