import Glibc
import Synchronization

/// Random bytes of the system, fetched many at once: a nonce is drawn for every event, and each fetch is a system call.
///
/// A byte is handed out once and cleared here at once, so that none can be found in memory afterwards.
final class RandomBytes: Sendable {
    static let shared = RandomBytes()

    private struct Stock {
        var bytes = [UInt8](repeating: 0, count: 4096)
        var place = 4096
    }

    private let stock = Mutex(Stock())

    /// Draws bytes; few, not more than a stock holds.
    func draw(_ count: Int) -> [UInt8] {
        stock.withLock { stock in
            if stock.place + count > stock.bytes.count { Self.refill(&stock) }
            let end = stock.place + count
            let drawn = Array(stock.bytes[stock.place..<end])
            for index in stock.place..<end { stock.bytes[index] = 0 }
            stock.place = end
            return drawn
        }
    }

    /// Draws eight bytes as a number.
    func drawWord() -> UInt64 {
        stock.withLock { stock in
            if stock.place + 8 > stock.bytes.count { Self.refill(&stock) }
            var word: UInt64 = 0
            for index in stock.place..<stock.place + 8 {
                word = word << 8 | UInt64(stock.bytes[index])
                stock.bytes[index] = 0
            }
            stock.place += 8
            return word
        }
    }

    private static func refill(_ stock: inout Stock) {
        stock.bytes.withUnsafeMutableBytes { bytes in
            // As much as one call gives.
            for start in stride(from: 0, to: bytes.count, by: 256) {
                let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<min(start + 256, bytes.count)])
                precondition(getentropy(piece.baseAddress, piece.count) == 0, "the system has no random bytes")
            }
        }
        stock.place = 0
    }
}
