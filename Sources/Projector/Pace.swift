import AccountDomain
import Glibc
import PostgresLedger

/// How much a step takes on, and how long a worker rests after it.
///
/// Under full load folding in fewer, larger steps is cheaper, and the rest leaves the machine to the gateway; when
/// little waits a reader may be waiting for it; and a lag that grows ends both.
struct Pace {
    private static let restingEvents = 500
    private static let longestRestMilliseconds: Int64 = 150

    private var lagMilliseconds: Int64 = 0

    /// How much to take on.
    var size: LaneStep.Size {
        lagMilliseconds < 1_000
            ? LaneStep.Size(positions: 20_000, events: 5_000, bytes: 16 << 20)
            : LaneStep.Size(positions: 100_000, events: 25_000, bytes: 32 << 20)
    }

    /// How long to rest after a round over the lanes.
    mutating func rest(events: Int, tookMilliseconds: Int64, lastRecordedAt: Moment?, isBehind: Bool) -> Int {
        guard isBehind, let lastRecordedAt else {
            lagMilliseconds = 0
            return events >= Self.restingEvents ? Int(min(tookMilliseconds, Self.longestRestMilliseconds)) : 0
        }
        lagMilliseconds = max(0, (Moment.now().microseconds - lastRecordedAt.microseconds) / 1_000)
        guard events >= Self.restingEvents, lagMilliseconds < 1_000 else { return 0 }
        let rest = min(tookMilliseconds, Self.longestRestMilliseconds)
        return Int(lagMilliseconds < 500 ? rest : rest / 3)
    }

    /// A clock for durations.
    static var nowMilliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
