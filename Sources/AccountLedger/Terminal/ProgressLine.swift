import Synchronization

/// How far a long command is: a bar that is drawn over itself on a terminal, a line every few seconds elsewhere.
///
/// It goes to standard error, for standard output holds the result and nothing else. What is over within a few seconds
/// says nothing where nobody watches.
final class ProgressLine: Sendable {
    private struct State {
        let began: ContinuousClock.Instant
        var next: ContinuousClock.Instant
        var last: String?
        var shown: String?
    }

    private static let width = 30

    private let label: String
    private let unit: String
    private let isTerminal: Bool
    private let now: @Sendable () -> ContinuousClock.Instant
    private let write: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// A line that begins with what is done, such as `verified`, and counts things of a unit, such as `events`.
    init(
        _ label: String, unit: String, isTerminal: Bool = Output.isErrorTerminal,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        write: @escaping @Sendable (String) -> Void = { Output.writeToStandardError($0) }
    ) {
        self.label = printable(label)
        self.unit = unit
        self.isTerminal = isTerminal
        self.now = now
        self.write = write
        let began = now()
        state = Mutex(State(began: began, next: isTerminal ? began : began + .seconds(5)))
    }

    /// Tells how many are done, any number of times; it is shown when it is time to.
    ///
    /// - Parameters:
    ///   - done: how many are done.
    ///   - total: of how many; 0 while nobody knows.
    ///   - rate: how many a second; counted from the line's beginning when not given.
    ///   - secondsLeft: reckoned from the rate when not given.
    func show(_ done: Int64, of total: Int64, rate: Int64? = nil, secondsLeft: Int64? = nil) {
        state.withLock { state in
            let now = now()
            let seconds = Self.seconds(now - state.began)
            let rate = rate ?? (seconds > 0 ? Int64(Double(done) / seconds) : 0)
            let left = secondsLeft ?? (rate > 0 && total > done ? (total - done) / rate + 1 : nil)
            let text = text(done, of: total, rate: rate, secondsLeft: done < total ? left : nil)
            state.last = text
            guard state.next <= now else { return }
            state.next = now + (isTerminal ? .milliseconds(100) : .seconds(5))
            draw(text, &state)
        }
    }

    /// Leaves the last that was told behind, as a line of its own.
    func end() {
        state.withLock { state in
            guard let last = state.last else { return }
            if state.shown != last { draw(last, &state) }
            if isTerminal { write("\n") }
        }
    }

    /// Takes the bar away; lines that were written stay.
    func clear() {
        state.withLock { state in
            if isTerminal, state.shown != nil { write("\r\u{1B}[K") }
        }
    }

    private func draw(_ text: String, _ state: inout State) {
        state.shown = text
        write(isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    private func text(_ done: Int64, of total: Int64, rate: Int64, secondsLeft: Int64?) -> String {
        let total = max(total, done)
        let part = total > 0 ? Double(done) / Double(total) : 1
        let full = Int(part * Double(Self.width))
        let bar = String(repeating: "#", count: full) + String(repeating: ".", count: Self.width - full)
        let left = secondsLeft.map { "  \($0) s left" } ?? ""
        return "\(label) [\(bar)] \(Int(part * 100)) %  \(done)/\(total) \(unit)  \(rate)/s\(left)"
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
