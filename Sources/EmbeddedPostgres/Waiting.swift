import Glibc

/// Blocking waits of the start and the stop, which own the thread they run on.
enum Waiting {
    /// Looks every few milliseconds whether `condition` holds; false when it does not within `limit`.
    static func until(_ limit: Duration, _ condition: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + limit
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            usleep(5_000)
        }
        return true
    }
}
