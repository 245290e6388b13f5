import Glibc
import Synchronization

/// A line on standard error that tells how far something is; on a terminal only.
final class ProgressBar: Sendable {
    /// Whether somebody would see it.
    static let isPossible = isatty(STDERR_FILENO) == 1

    private struct State {
        var began = ContinuousClock.now
        var last = ContinuousClock.now - .seconds(1)
        var isShown = false
    }

    private let isEnabled: Bool
    private let state = Mutex(State())

    init(isShown: Bool) { isEnabled = isShown }

    /// Tells that `done` of `total` are done; drawn ten times a second at most.
    func show(_ done: Int64, of total: Int64) {
        guard isEnabled, total > 0 else { return }
        let line = state.withLock { state -> String? in
            let now = ContinuousClock.now
            guard now - state.last >= .milliseconds(100) else { return nil }
            state.last = now
            state.isShown = true
            let (seconds, attoseconds) = (now - state.began).components
            return Self.line(done, of: total, seconds: Double(seconds) + Double(attoseconds) / 1e18)
        }
        if let line { Output.writeToStandardError("\r\(line)\u{1B}[K") }
    }

    /// Takes the line away.
    func clear() {
        if state.withLock({ $0.isShown }) { Output.writeToStandardError("\r\u{1B}[K") }
    }

    static func line(_ done: Int64, of total: Int64, seconds: Double) -> String {
        let part = min(1, Double(done) / Double(total))
        let width = 30
        let full = Int(part * Double(width))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let left = rate > 0 ? Int(Double(total - done) / rate) : 0
        return "[\(bar)] \(Int(part * 100)) % \(Int(rate))/s \(max(0, left)) s left"
    }
}
