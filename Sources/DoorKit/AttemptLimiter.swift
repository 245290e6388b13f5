import Synchronization

/// Bounds how often something may be tried: a token bucket for each key.
///
/// Attempts on passwords, codes and recovery are counted by account and by client network. Of a key only a seeded hash
/// is kept, so that no name or address stays in memory; the number of keys is bounded.
public final class AttemptLimiter: Sendable {
    /// A bucket: what is left of it, and as of when.
    private struct Bucket {
        /// Nanoseconds of refill that are missing until the bucket is full.
        var debt: UInt64
        var time: UInt64
    }

    /// Reads a clock that never goes back, in nanoseconds.
    public typealias Clock = @Sendable () -> UInt64

    private let isOff: Bool
    private let refill: UInt64
    private let capacity: UInt64
    private let maximumKeys: Int
    private let now: Clock
    private let buckets = Mutex<[Int: Bucket]>([:])

    /// Makes a limiter of `attempts` at once, then one more every `refillSeconds`.
    public init(
        attempts: Int, refillSeconds: Int, maximumKeys: Int = 100_000, now: @escaping Clock = AttemptLimiter.monotonic
    ) {
        isOff = false
        refill = UInt64(max(1, refillSeconds)) * 1_000_000_000
        capacity = UInt64(max(1, attempts)) * refill
        self.maximumKeys = max(16, maximumKeys)
        self.now = now
    }

    private init() {
        isOff = true
        refill = 1
        capacity = 1
        maximumKeys = 0
        now = { 0 }
    }

    /// A limiter that lets everything pass, for `LEDGER_LIMITS=off`.
    public static let off = AttemptLimiter()

    private static let start = ContinuousClock.now

    /// Nanoseconds since the first call, from the system's continuous clock.
    public static let monotonic: Clock = {
        // The first call makes `start`, so it must be read before the clock.
        let first = start
        let elapsed = (ContinuousClock.now - first).components
        return UInt64(elapsed.seconds) * 1_000_000_000 + UInt64(elapsed.attoseconds / 1_000_000_000)
    }

    /// Counts one attempt for `key`.
    ///
    /// Counted before the attempt is looked at, so that parallel guesses do not all slip through.
    ///
    /// - Throws: `too-many-requests` with the time until the next attempt.
    public func take(_ key: some Hashable) throws(Problem) {
        guard let seconds = secondsToWait(takingFor: key) else { return }
        throw Problem.tooManyRequests(retryAfterSeconds: seconds)
    }

    /// Counts one attempt for `key`.
    ///
    /// - Returns: nil when it is allowed, else the seconds to wait; a refused attempt is not counted.
    public func secondsToWait(takingFor key: some Hashable) -> Int? {
        guard !isOff else { return nil }
        let hash = Self.hash(key)
        let time = now()
        return buckets.withLock { buckets in
            var bucket = buckets[hash] ?? Bucket(debt: 0, time: time)
            bucket.debt = remainingDebt(bucket, at: time)
            bucket.time = time
            guard bucket.debt + refill <= capacity else {
                return Int((bucket.debt + refill - capacity + 999_999_999) / 1_000_000_000)
            }
            bucket.debt += refill
            if buckets.count >= maximumKeys, buckets[hash] == nil { makeRoom(&buckets, at: time) }
            buckets[hash] = bucket
            return nil
        }
    }

    /// Gives the attempt back, when it turned out to be right.
    public func refund(_ key: some Hashable) {
        guard !isOff else { return }
        let hash = Self.hash(key)
        buckets.withLock { buckets in
            guard let bucket = buckets[hash] else { return }
            if bucket.debt <= refill { buckets[hash] = nil } else { buckets[hash]?.debt -= refill }
        }
    }

    /// How many keys are held.
    var count: Int { buckets.withLock { $0.count } }

    private func remainingDebt(_ bucket: Bucket, at time: UInt64) -> UInt64 {
        let elapsed = time > bucket.time ? time - bucket.time : 0
        return bucket.debt > elapsed ? bucket.debt - elapsed : 0
    }

    /// Forgets the buckets that are full again, and of the others those that owe least, down to three quarters.
    ///
    /// Rare, since each time a quarter of all keys has to be new; who guesses most is forgotten last.
    private func makeRoom(_ buckets: inout [Int: Bucket], at time: UInt64) {
        buckets = buckets.filter { remainingDebt($0.value, at: time) > 0 }
        let target = maximumKeys / 4 * 3
        guard buckets.count > target else { return }
        let order = buckets.map { (key: $0.key, debt: remainingDebt($0.value, at: time)) }
            .sorted { $0.debt < $1.debt }
        for entry in order.prefix(buckets.count - target) { buckets[entry.key] = nil }
    }

    /// The process's own seed is in every `Hasher`, so hashes mean nothing outside.
    private static func hash(_ key: some Hashable) -> Int {
        var hasher = Hasher()
        hasher.combine(key)
        return hasher.finalize()
    }
}
