import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger
import ProjectionKit

/// The data keys of the streams at hand, unwrapped; those used lately are kept.
///
/// A key never changes, it can only be destroyed; what was kept is dropped when a box turns out to be purged.
final class StreamKeys {
    /// The key of one stream.
    enum Secret {
        case living(StreamKey, epoch: Int32)
        case destroyed
        /// It does not unwrap, or there is none at all.
        case unusable(String)
    }

    private let keyring: LoadedKeyring
    private let log: Int16
    private var kept: GenerationCache<StreamID, (key: StreamKey, epoch: Int32)>
    private var present: [StreamID: Secret] = [:]

    init(keyring: LoadedKeyring, log: Int16, limit: Int) {
        self.keyring = keyring
        self.log = log
        kept = GenerationCache(limit: limit)
    }

    /// The key of a stream that was named in ``gather(_:on:)``.
    subscript(stream: StreamID) -> Secret { present[stream] ?? .unusable("a stream has events but no key") }

    /// Reads the keys of some streams; `purged` are those of which a box is gone already.
    ///
    /// - Throws: `EventCodingError.unknownEpoch`: the keyring is at fault, not the stream.
    func gather(_ streams: some Sequence<StreamID>, purged: Set<StreamID>, on connection: PostgresConnection) throws {
        present.removeAll(keepingCapacity: true)
        var wanted: [StreamID] = []
        for stream in streams {
            if !purged.contains(stream), let known = kept.take(stream) {
                kept.put(stream, known)
                present[stream] = .living(known.key, epoch: known.epoch)
            } else {
                wanted.append(stream)
            }
        }
        guard !wanted.isEmpty else { return }
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(Column.ids(wanted))
        let rows = try connection.query(Statement.findKeys, parameters)
        for row in 0..<rows.count {
            let stream: StreamID = try rows.id(row, 0)
            guard !rows.isNull(row, 2) else {
                present[stream] = .destroyed
                continue
            }
            let epoch = try rows.int32(row, 1)
            do throws(EventCodingError) {
                let wrapped = try readBytes(rows, row)
                let key = try keyring.holding(epoch).unwrap(wrapped, epoch: epoch, log: log, stream: stream)
                kept.put(stream, (key, epoch))
                present[stream] = .living(key, epoch: epoch)
            } catch .unknownEpoch(let number) {
                throw EventCodingError.unknownEpoch(number)
            } catch {
                present[stream] = .unusable(error.description)
            }
        }
    }

    private func readBytes(_ rows: PostgresRows, _ row: Int) throws(EventCodingError) -> [UInt8] {
        do { return try rows.bytes(row, 2) } catch { throw .malformed("wrapped key") }
    }
}
