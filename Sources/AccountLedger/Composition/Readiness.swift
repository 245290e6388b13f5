import DoorKit
import PostgresClient

/// Whether requests can be answered now, and why not.
///
/// The schema's version is no part of it: a process that started against a fitting one keeps fitting, since every
/// migration is safe for the program before it.
struct Readiness: Sendable {
    private let writer: PostgresPipeline
    private let reader: PostgresPipeline
    private let drain: Drain

    init(writer: PostgresPipeline, reader: PostgresPipeline, drain: Drain) {
        self.writer = writer
        self.reader = reader
        self.drain = drain
    }

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
