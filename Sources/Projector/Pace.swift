import AccountDomain
import Glibc
import PostgresLedger

/// How much a step takes on, and how long a worker rests after it.
///
/// Under load folding in fewer, larger steps is cheaper: a stream that has several events in one step has its row written
/// once, and the rest leaves the machine to the gateway. When little happens a reader may be waiting for it, and it is
/// folded at once; and a lag that grows ends the rests.
struct Pace {
    /// From how many events a second on a worker gathers some before each round, and how many.
    private static let busyEventsPerSecond = 2_000
    private static let gatheredEvents = 6_000
    /// The busier the log, the longer a rest may be: 80 ms at 2,000 events a second, this from 10,000 on.
    private static let longestRestMilliseconds: Int64 = 400
    private static let eventsPerSecondPerMillisecond: Int64 = 25

    /// Events a second, smoothed over some rounds.
    private var rate = 0
    private var lastRestMilliseconds: Int64 = 0
    private var lagMilliseconds: Int64 = 0

    /// How much to take on.
    var size: LaneStep.Size {
        lagMilliseconds < 1_000
            ? LaneStep.Size(positions: 20_000, events: 5_000, bytes: 16 << 20)
            : LaneStep.Size(positions: 100_000, events: 25_000, bytes: 32 << 20)
    }

    /// How long to rest after a round over the lanes.
    mutating func rest(
        events: Int, tookMilliseconds: Int64, lastRecordedAt: Moment?, isBehind: Bool, now: Moment = .now()
    ) -> Int {
        let interval = max(1, tookMilliseconds + lastRestMilliseconds)
        let present = events * 1_000 / Int(interval)
        // It rises slowly and falls fast: whoever writes after a storm is not made to wait for its rests.
        rate = min((rate * 3 + present) / 4, present * 2)
        lastRestMilliseconds = gatheringMilliseconds(tookMilliseconds)
        if isBehind, let lastRecordedAt {
            lagMilliseconds = max(0, (now.microseconds - lastRecordedAt.microseconds) / 1_000)
            if lagMilliseconds >= 500 { lastRestMilliseconds = lagMilliseconds < 1_000 ? lastRestMilliseconds / 3 : 0 }
        } else {
            lagMilliseconds = 0
        }
        return Int(lastRestMilliseconds)
    }

    /// How long it takes until enough events are there for a round that is worth its round trips.
    private func gatheringMilliseconds(_ tookMilliseconds: Int64) -> Int64 {
        guard rate >= Self.busyEventsPerSecond else { return 0 }
        let wanted = Int64(Self.gatheredEvents * 1_000 / rate)
        let longest = min(Self.longestRestMilliseconds, Int64(rate) / Self.eventsPerSecondPerMillisecond)
        return min(longest, max(tookMilliseconds / 2, wanted - tookMilliseconds))
    }

    /// A clock for durations.
    static var nowMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
