import Glibc

/// How far a long command is: one line that is rewritten on a terminal, a line every few seconds elsewhere.
///
/// It goes to standard error, for standard output holds the result and nothing else.
final class ProgressLine {
    private let verb: String
    private let total: Int64
    private let start = ContinuousClock.now
    private var next = ContinuousClock.now
    private var shown: Int64?
    private let isTerminal = isatty(STDERR_FILENO) == 1

    /// A line that tells of `total` things to come.
    init(_ verb: String, of total: Int64) {
        self.verb = verb
        self.total = total
    }

    /// Tells how many are done, when it is time.
    func show(_ done: Int64) {
        guard next <= .now else { return }
        next = .now + (isTerminal ? .milliseconds(100) : .seconds(5))
        write(done)
    }

    /// Tells how many were done.
    func end(_ done: Int64) {
        // A line that stands there already is not repeated.
        if isTerminal || shown != done { write(done) }
        if isTerminal { Output.writeToStandardError("\n") }
    }

    private func write(_ done: Int64) {
        shown = done
        let seconds = max(0.001, Self.seconds(since: start))
        let rate = Double(done) / seconds
        var text = "\(verb) \(done) of \(max(done, total)), \(Int(rate)) a second"
        if done > 0, done < total { text += ", \(Int(Double(total - done) / rate) + 1) s left" }
        Output.writeToStandardError(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
