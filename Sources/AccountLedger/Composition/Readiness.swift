import DoorKit
import PostgresClient
import PostgresTransparency

/// Whether requests can be answered now, and why not.
///
/// The schema's version is no part of it: a process that started against a fitting one keeps fitting, since every
/// migration is safe for the program before it.
struct Readiness: Sendable {
    private let writer: PostgresPipeline
    private let reader: PostgresPipeline
    private let drain: Drain
    private let sealer: Sealer

    init(writer: PostgresPipeline, reader: PostgresPipeline, drain: Drain, sealer: Sealer) {
        self.writer = writer
        self.reader = reader
        self.drain = drain
        self.sealer = sealer
    }

    /// What an operator must look at although requests are answered.
    var alarms: [String] { sealer.alarms }

    /// What stands in the way; empty when nothing does.
    var reasons: [String] {
        var reasons: [String] = []
        if drain.isDraining { reasons.append("shutting down") }
        for (name, pipeline) in [("appender", writer), ("reader", reader)] where pipeline.state != .connected {
            reasons.append("the \(name) has no connection to the database")
        }
        return reasons
    }
}
