import Glibc

/// What a run came to.
struct Measurement {
    let outstanding: Int
    let elapsed: Duration
    let processorSeconds: Double
    let latencies: [Duration]
    /// How long after its append an event was sealed at worst; nil when nothing was sealed.
    let lag: Duration?
    let checkpoints: Int

    /// User and system time that this process has used, in seconds.
    static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The result as one line of JSON.
    var json: String {
        let sorted = latencies.sorted()
        func percentile(_ share: Double) -> Double {
            guard !sorted.isEmpty else { return 0 }
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / .milliseconds(1)
        }
        let seconds = elapsed / .seconds(1)
        var members: [(String, Double)] = [
            ("outstanding", Double(outstanding)), ("count", Double(latencies.count)), ("seconds", seconds),
            ("rate", Double(latencies.count) / seconds), ("p50_ms", percentile(0.5)), ("p99_ms", percentile(0.99)),
            ("cpu_seconds", processorSeconds),
        ]
        if let lag {
            members += [("seal_lag_ms", lag / .milliseconds(1)), ("checkpoints", Double(checkpoints))]
        }
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}
