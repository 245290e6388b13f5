import Synchronization

/// Lets those who contend for one thing go one after the other, in the order they came.
///
/// It spares work within one process and decides nothing: what is right, the log decides.
public final class Turns<Key: Hashable & Sendable>: Sendable {
    /// Who waits for each key whose turn is taken.
    private let waiting = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

    /// Nobody's turn yet.
    public init() {}

    /// Returns when it is the caller's turn, which it must ``end(_:)``.
    ///
    /// - Returns: whether somebody else had a turn meanwhile.
    public func take(_ key: Key) async -> Bool {
        var hasWaited = false
        await withCheckedContinuation { continuation in
            hasWaited = waiting.withLock { waiting in
                guard waiting[key] == nil else {
                    waiting[key]?.append(continuation)
                    return true
                }
                waiting[key] = []
                return false
            }
            if !hasWaited { continuation.resume() }
        }
        return hasWaited
    }

    /// Ends the caller's turn, and lets the next one go.
    public func end(_ key: Key) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard let first = waiting[key]?.first else {
                waiting[key] = nil
                return nil
            }
            waiting[key]?.removeFirst()
            return first
        }
        next?.resume()
    }
}
