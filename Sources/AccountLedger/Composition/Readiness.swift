import DoorKit
import PostgresClient
import PostgresLedger
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
    private let witnesses: Witnesses
    private let gate: WriteGate

    init(
        writer: PostgresPipeline, reader: PostgresPipeline, drain: Drain, sealer: Sealer, witnesses: Witnesses,
        gate: WriteGate
    ) {
        self.writer = writer
        self.reader = reader
        self.drain = drain
        self.sealer = sealer
        self.witnesses = witnesses
        self.gate = gate
    }

    /// What an operator must look at although requests are answered.
    var alarms: [String] { sealer.alarms + witnesses.alarms }

    /// What stands in the way; empty when nothing does.
    var reasons: [String] {
        var reasons: [String] = []
        if drain.isDraining { reasons.append("shutting down") }
        if let reason = gate.reason { reasons.append("nothing is written: \(reason)") }
        for (name, pipeline) in [("appender", writer), ("reader", reader)] where pipeline.state != .connected {
            reasons.append("the \(name) has no connection to the database")
        }
        return reasons
    }
}
