import Accounts
import EventCoding

/// The rows that a batch left in the log, as far as their leaves go: without boxes, whose hashes stand for them.
enum AppendedRows {
    /// Makes them from the batch and the answer to it; a refused command left none.
    static func make(_ batch: [PreparedCommand], _ reply: BatchReply) -> [StoredEvent] {
        var rows: [StoredEvent] = []
        var position = reply.head
        for (index, prepared) in batch.enumerated() {
            guard case .accepted = reply.outcome(of: index) else { continue }
            for part in prepared.parts {
                for event in part.events {
                    position += 1
                    rows.append(
                        StoredEvent(
                            position: position, recordedAt: reply.recordedAt, stream: part.stream,
                            version: event.version, command: prepared.command.id, type: event.type, meta: event.meta,
                            data: event.data, secret: nil, secretHash: event.secretHash))
                }
            }
        }
        return rows
    }
}
