public import PKI
import Synchronization

/// A few RSA key pairs made ahead, since making one takes from 50 ms to several seconds.
///
/// Nothing is made before the first `prefill()` or `take()`, so a service that needs no keys spends nothing on them.
public final class RSAKeyStock: Sendable {
    private struct Shelf {
        var pairs: [RSAKeyPair] = []
        var underWay = 0
    }

    private let work: SlowWork
    private let bits: Int
    private let size: Int
    private let shelf = Mutex(Shelf())

    /// Creates an empty stock that will hold up to `size` pairs.
    public init(work: SlowWork, bits: Int = 2_048, size: Int = 2) {
        self.work = work
        self.bits = bits
        self.size = size
    }

    /// How many pairs are ready.
    public var count: Int { shelf.withLock { $0.pairs.count } }

    /// Has the pool fill the stock when it has nothing better to do.
    public func prefill() {
        let missing = shelf.withLock { shelf in
            let missing = max(0, size - shelf.pairs.count - shelf.underWay)
            shelf.underWay += missing
            return missing
        }
        for _ in 0..<missing {
            // What cannot be made now is made up for by the next `take()`.
            work.submit(
                .whenIdle, { self.add(try? RSAKeyPair.generate(bits: self.bits)) }, refused: { _ in self.add(nil) })
        }
    }

    /// Hands out a pair that nobody else gets, and has the stock filled up again.
    ///
    /// From an empty stock it is made in the pool while the caller waits; throws what the pool and the making throw.
    public func take() async throws -> RSAKeyPair {
        let ready = shelf.withLock { $0.pairs.popLast() }
        defer { prefill() }
        if let ready { return ready }
        let bits = bits
        return try await work.run { try RSAKeyPair.generate(bits: bits) }
    }

    private func add(_ pair: RSAKeyPair?) {
        shelf.withLock { shelf in
            shelf.underWay -= 1
            if let pair { shelf.pairs.append(pair) }
        }
    }
}
