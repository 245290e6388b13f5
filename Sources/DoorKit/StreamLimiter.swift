import Synchronization

/// Caps the streams that are open at one time, in all and for each principal.
public final class StreamLimiter: Sendable {
    private struct State {
        var total = 0
        var holders: [Int: Int] = [:]
    }

    private let maximum: Int
    private let maximumPerHolder: Int
    private let state = Mutex(State())

    /// Makes a limiter.
    public init(maximum: Int = 1_000, maximumPerHolder: Int = 8) {
        self.maximum = maximum
        self.maximumPerHolder = maximumPerHolder
    }

    /// Takes a place for `holder`, to be kept as long as the stream is open.
    ///
    /// - Throws: `too-many-requests` when the holder has as many as it may, `unavailable` when everybody together has.
    public func permit(for holder: some Hashable) throws(Problem) -> StreamPermit {
        var hasher = Hasher()
        hasher.combine(holder)
        let key = hasher.finalize()
        let problem: Problem? = state.withLock { state in
            guard state.total < maximum else { return .unavailable(retryAfterSeconds: 30) }
            guard state.holders[key, default: 0] < maximumPerHolder else {
                return .tooManyRequests(retryAfterSeconds: 30)
            }
            state.total += 1
            state.holders[key, default: 0] += 1
            return nil
        }
        if let problem { throw problem }
        return StreamPermit(limiter: self, key: key)
    }

    /// How many streams are open.
    public var count: Int { state.withLock { $0.total } }

    fileprivate func release(_ key: Int) {
        state.withLock { state in
            state.total -= 1
            let left = state.holders[key, default: 1] - 1
            state.holders[key] = left == 0 ? nil : left
        }
    }
}

/// A place among the open streams, given back when nobody holds it any more.
public final class StreamPermit: Sendable {
    private let limiter: StreamLimiter
    private let key: Int

    fileprivate init(limiter: StreamLimiter, key: Int) {
        self.limiter = limiter
        self.key = key
    }

    deinit { limiter.release(key) }
}
