internal import Glibc

/// The monotonic clock in milliseconds, which deadlines are kept in.
enum Monotonic {
    /// A deadline that never comes.
    static let never = Int64.max

    static var nowMilliseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// The deadline that many milliseconds from now, never for nil.
    static func deadline(inMilliseconds milliseconds: Int?) -> Int64 {
        guard let milliseconds else { return never }
        return nowMilliseconds + Int64(max(0, min(milliseconds, 1 << 40)))
    }

    /// What poll(2) takes to sleep until then: rounded so that it does not wake early, -1 for never.
    static func pollTimeout(until deadline: Int64) -> Int32 {
        guard deadline != never else { return -1 }
        return Int32(max(0, min(deadline - nowMilliseconds, 60_000)))
    }
}
