/// The system's random numbers from a stock: for ids, of which every command draws some.
///
/// As unpredictable as `SystemRandomNumberGenerator`, without a system call for each number.
public struct StockedRandomNumberGenerator: RandomNumberGenerator, Sendable {
    /// The generator; all share one stock.
    public init() {}

    /// The next number.
    public mutating func next() -> UInt64 { RandomBytes.shared.drawWord() }
}
