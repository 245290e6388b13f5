import AccountDomain
import Testing

@testable import Projector

/// How long a worker rests between two rounds, and how much it takes on.
struct PaceTests {
    private let now = Moment(microseconds: 1_000_000_000)

    /// Rounds that keep up with a log of so many events a second, and the last rest.
    private func rests(of pace: inout Pace, eventsPerSecond: Int, rounds: Int = 40) -> Int {
        var rest = 0
        for _ in 0..<rounds {
            let events = eventsPerSecond * (20 + rest) / 1_000
            rest = pace.rest(events: events, tookMilliseconds: 20, lastRecordedAt: now, isBehind: false, now: now)
        }
        return rest
    }

    @Test func `a quiet log is folded at once`() {
        var pace = Pace()
        #expect(rests(of: &pace, eventsPerSecond: 500) == 0)
    }

    @Test func `the busier the log, the longer a worker gathers`() {
        var (some, many, most) = (Pace(), Pace(), Pace())
        let rest = rests(of: &some, eventsPerSecond: 4_000)
        let longer = rests(of: &many, eventsPerSecond: 8_000)
        #expect(rest > 80 && longer > rest)
        #expect(rests(of: &most, eventsPerSecond: 1_000_000) <= 400)
        #expect(longer <= 400)
    }

    @Test func `a worker that fell behind rests less, then not at all`() {
        var pace = Pace()
        _ = rests(of: &pace, eventsPerSecond: 10_000)
        func rest(lagMilliseconds: Int64) -> Int {
            let recorded = Moment(microseconds: now.microseconds - lagMilliseconds * 1_000)
            var pace = pace
            return pace.rest(
                events: 10_000, tookMilliseconds: 600, lastRecordedAt: recorded, isBehind: true, now: now)
        }
        let usual = rest(lagMilliseconds: 100)
        #expect(usual > 0)
        #expect(rest(lagMilliseconds: 600) == usual / 3)
        #expect(rest(lagMilliseconds: 1_000) == 0)
    }

    @Test func `a worker that fell a second behind takes on more`() {
        var pace = Pace()
        let usual = pace.size
        let recorded = Moment(microseconds: now.microseconds - 1_000_000)
        _ = pace.rest(events: 5_000, tookMilliseconds: 50, lastRecordedAt: recorded, isBehind: true, now: now)
        #expect(pace.size.events > usual.events && pace.size.positions > usual.positions)
    }

    @Test func `after a storm the first quiet round ends the rests`() {
        var pace = Pace()
        #expect(rests(of: &pace, eventsPerSecond: 10_000) > 0)
        #expect(pace.rest(events: 3, tookMilliseconds: 5, lastRecordedAt: now, isBehind: false, now: now) == 0)
    }
}
