import AccountDomain
import Accounts
import EventCoding
import PostgresClient

/// Reads streams from the log: checks each box against its hash, opens it, decodes it, folds it.
struct StreamLoader: Sendable {
    let reader: PostgresPipeline
    let cache: StreamCache
    let keyring: LoadedKeyring
    let log: Int16

    private static let statement = PostgresStatement(
        Statement.loadStream, parameterTypes: [.int2, .uuid, .int4, .int4], isReadOnly: true)

    /// The entry of a stream, loaded unless it is in memory.
    func entry(_ stream: StreamID) async throws -> (entry: StreamEntry, tail: Int64) {
        for _ in 0..<16 {
            let found = cache.find(stream)
            if let entry = found.entry { return (entry, found.tail) }
            cache.beginLoading(stream)
            do {
                let entry = try await load(stream)
                if cache.finishLoading(stream, entry) { return (entry, max(entry.loadedAt, cache.tail)) }
            } catch {
                _ = cache.finishLoading(stream, nil)
                throw error
            }
        }
        throw Failure.unavailable(retryAfterSeconds: 1)
    }

    /// The events of a stream in a range of versions, opened.
    ///
    /// - Throws: ``Failure/erased`` when the stream's key was destroyed.
    func events(of stream: StreamID, versions: ClosedRange<Int32>) async throws -> [RecordedEvent] {
        let rows = try await rows(of: stream, versions: versions)
        guard try rows.hasEvents else { return [] }
        guard try !rows.isKeyDestroyed else { throw Failure.erased }
        let key = try unwrapKey(rows, stream)
        return try (0..<rows.count).map { row in
            let stored = try rows.storedEvent(row, of: stream)
            return RecordedEvent(stored, try OpenedEvent(stored, key: key).domainEvent())
        }
    }

    /// The data key of a stream.
    ///
    /// - Throws: ``Failure/notFound`` for a stream without events, ``Failure/erased``.
    func key(of stream: StreamID) async throws -> StreamKey {
        let entry = try await entry(stream).entry
        if let key = entry.key { return key }
        throw entry.version == 0 ? Failure.notFound : Failure.erased
    }

    private func load(_ stream: StreamID) async throws -> StreamEntry {
        let rows = try await rows(of: stream, versions: 1...Int32.max)
        let seen = try rows.int64(0, 0)
        guard try rows.hasEvents else { return .empty(at: seen) }
        if try rows.isKeyDestroyed { return try erasedEntry(rows, stream, seen) }
        let key = try unwrapKey(rows, stream)
        let commands = CommandIndex()
        var aggregate = Aggregate.empty
        for row in 0..<rows.count {
            let stored = try rows.storedEvent(row, of: stream)
            guard aggregate.apply(try OpenedEvent(stored, key: key).domainEvent()) else {
                throw Failure.fault("a stream holds events of two kinds")
            }
            if let fingerprint = try EventMeta.fingerprint(in: stored.meta) {
                commands.note(stored.command, fingerprint: fingerprint, version: stored.version)
            }
        }
        return StreamEntry(
            version: try rows.int32(rows.count - 1, 6), aggregate: aggregate, key: key, commands: commands,
            loadedAt: seen)
    }

    /// An erased stream: its boxes cannot be opened any more, and its last event says all that is left.
    private func erasedEntry(_ rows: PostgresRows, _ stream: StreamID, _ seen: Int64) throws -> StreamEntry {
        let last = try rows.storedEvent(rows.count - 1, of: stream)
        var aggregate = Aggregate.empty
        aggregate.apply(try EventCoding.decode(type: last.type, data: last.data, content: BoxContent()))
        return StreamEntry(
            version: last.version, aggregate: aggregate, key: nil, commands: CommandIndex(), loadedAt: seen)
    }

    private func rows(of stream: StreamID, versions: ClosedRange<Int32>) async throws -> PostgresRows {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(stream)
        parameters.append(versions.lowerBound)
        parameters.append(versions.upperBound)
        return try await reader.query(Self.statement, parameters)
    }

    private func unwrapKey(_ rows: PostgresRows, _ stream: StreamID) throws -> StreamKey {
        guard !rows.isNull(0, 2) else { throw Failure.fault("a stream has events but no key") }
        let epoch = try rows.int32(0, 1)
        return try keyring.holding(epoch).unwrap(try rows.bytes(0, 2), epoch: epoch, log: log, stream: stream)
    }
}

extension PostgresRows {
    /// Whether a loaded stream has any event: the join answers one row of nulls when it has none.
    fileprivate var hasEvents: Bool { get throws { count > 0 && !isNull(0, 4) } }

    fileprivate var isKeyDestroyed: Bool { get throws { !isNull(0, 3) ? try bool(0, 3) : false } }

    fileprivate func storedEvent(_ row: Int, of stream: StreamID) throws -> StoredEvent {
        StoredEvent(
            position: try int64(row, 4), recordedAt: try moment(row, 5), stream: stream, version: try int32(row, 6),
            command: try id(row, 7), type: try string(row, 8), meta: try bytes(row, 9), data: try bytes(row, 10),
            secret: isNull(row, 11) ? nil : try bytes(row, 11), secretHash: isNull(row, 12) ? nil : try bytes(row, 12))
    }
}

extension RecordedEvent {
    init(_ stored: StoredEvent, _ event: DomainEvent) {
        self.init(
            position: stored.position, recordedAt: stored.recordedAt, stream: stored.stream, version: stored.version,
            command: stored.command, event: event)
    }
}
