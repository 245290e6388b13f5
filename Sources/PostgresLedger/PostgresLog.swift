public import AccountDomain
public import Accounts
public import EventCoding
public import Logging
public import PostgresClient
import Synchronization

/// The event log on PostgreSQL: one appender, a cache of streams that a tailer keeps current, and pipelined reads.
public final class PostgresLog: EventLog {
    /// What a log needs to know.
    public struct Configuration: Sendable {
        /// Which log: the first key of every table.
        public var log: Int16 = 0
        /// Bound of the stream cache.
        public var cacheBytes = 48 << 20
        /// How many events a stream may have (`LEDGER_STREAM_LIMIT`).
        public var streamLimit: Int32 = 100_000
        /// Asked when the log turns out to end before what this gateway has read: why nothing may be appended any more,
        /// or nil when what is left may be continued.
        public var judgeSetBack: @Sendable () async -> String? = {
            "the database was set back behind what this gateway had read; start it again"
        }

        /// The defaults.
        public init() {}
    }

    let configuration: Configuration
    let keys: LedgerKeys
    let keyring: LoadedKeyring
    let readPipeline: PostgresPipeline
    let cache: StreamCache
    let loader: StreamLoader
    let tail: LogTail
    let streamKeys = StreamKeyCache(maximumKeys: 20_000)
    /// Whether this gateway appends, and why not.
    public let gate = WriteGate()
    private let drawnKeys: DrawnKeys
    private let writer: PostgresPipeline
    private let appender: Appender
    private let logger: Logger

    /// A log on connections of its own.
    ///
    /// - Parameters:
    ///   - configuration: which log, and its bounds.
    ///   - keys: the log's secrets.
    ///   - keyring: the keyring in use.
    ///   - writer: the appender's connection, used for nothing else.
    ///   - reader: the connection for reads.
    ///   - logger: where trouble is told.
    ///   - appended: remembers what this gateway appends, for who compares it with what is sealed.
    ///   - onGrowth: called when this gateway appended: wakes projectors in the same process.
    public init(
        configuration: Configuration, keys: LedgerKeys, keyring: LoadedKeyring, writer: PostgresPipeline,
        reader: PostgresPipeline, logger: Logger, appended: AppendedLeaves? = nil,
        onGrowth: @escaping @Sendable (Int64) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.keys = keys
        self.keyring = keyring
        readPipeline = reader
        self.writer = writer
        self.logger = logger
        let cache = StreamCache(maximumBytes: configuration.cacheBytes)
        let tail = LogTail()
        let drawnKeys = DrawnKeys()
        self.drawnKeys = drawnKeys
        let gate = gate
        self.cache = cache
        self.tail = tail
        loader = StreamLoader(reader: reader, cache: cache, keyring: keyring, log: configuration.log)
        appender = Appender(
            pipeline: writer, reader: reader, cache: cache, keys: keys, keyring: keyring, drawnKeys: drawnKeys,
            log: configuration.log, limits: .init(), streamLimit: configuration.streamLimit, logger: logger,
            now: { .now() }, appended: appended,
            onGrowth: { head, others in
                tail.grew(to: head, mustLook: others)
                onGrowth(head)
            },
            onSetBack: {
                gate.noteSetBack()
                tail.grew(to: 0, mustLook: true)
            })
    }

    // MARK: - EventLog

    /// Decides a command and makes its events durable.
    public func append(_ command: LogCommand) async throws(Failure) -> Appended {
        guard gate.reason == nil else { throw .unavailable(retryAfterSeconds: 30) }
        do { return try await run(command) } catch { throw Failure(error) }
    }

    private func run(_ command: LogCommand) async throws -> Appended {
        while true {
            for stream in command.streams where !command.fresh.contains(stream) { _ = try await loader.entry(stream) }
            switch await submit(command) {
            case .decided(let result): return try result.get()
            case .replayed(let versions): return try await recall(command, versions, isReplay: true)
            case .appliedEarlier:
                // One with a key is prepared again, which finds it in its stream and compares the requests.
                if command.requestDigest == nil, let appended = try await find(command) { return appended }
            case .appliedUnanswered:
                if let appended = try await find(command) { return appended }
            case .mustLoad: break
            }
            guard ContinuousClock.now < command.deadline else { throw Failure.unavailable(retryAfterSeconds: 1) }
        }
    }

    private func submit(_ command: LogCommand) async -> CommandOutcome {
        switch appender.prepareAhead(command) {
        case .outcome(let outcome): outcome
        case .prepared(let ahead):
            await withCheckedContinuation { continuation in
                appender.submit(
                    PendingCommand(command: command, ahead: ahead) { continuation.resume(returning: $0) })
            }
        }
    }

    /// The answer of a command that was applied by an earlier request, from its events.
    private func recall(_ command: LogCommand, _ versions: ClosedRange<Int32>, isReplay: Bool) async throws -> Appended
    {
        let events = try await loader.events(of: command.home, versions: versions)
        guard let last = events.last else { throw Failure.fault("the events of a command are gone") }
        let position = try await lastPosition(of: command.id, from: last.position)
        return Appended(position: position, version: Int(last.version), events: events, isReplay: isReplay)
    }

    /// Position of a command's last event in whichever stream: its events lie side by side, the home stream's first.
    private func lastPosition(of command: CommandID, from position: Int64) async throws -> Int64 {
        var parameters = PostgresParameters()
        parameters.append(configuration.log)
        parameters.append(position)
        parameters.append(command)
        return try await readPipeline.query(Self.findLastOfCommand, parameters).int64(0, 0)
    }

    /// A command that was found to stand after its answer was lost.
    private func find(_ command: LogCommand) async throws -> Appended? {
        var parameters = PostgresParameters()
        parameters.append(configuration.log)
        parameters.append(command.home)
        parameters.append(Int32(0))
        parameters.append(command.id)
        let rows = try await readPipeline.query(Self.findCommand, parameters)
        guard rows.count > 0 else { return nil }
        let versions = try rows.int32(0, 0)...rows.int32(rows.count - 1, 0)
        do { return try await recall(command, versions, isReplay: false) } catch Failure.erased {
            // It erased the stream itself, so its events cannot be opened, and need not be.
            let position = try await lastPosition(of: command.id, from: try rows.int64(0, 1))
            return Appended(position: position, version: Int(versions.upperBound), events: [], isReplay: false)
        }
    }

    /// A stream's state as this gateway knows it.
    public func state(of stream: StreamID) async throws(Failure) -> StreamState {
        do {
            let (entry, tail) = try await loader.entry(stream)
            return StreamState(
                stream: stream, version: entry.version, aggregate: entry.aggregate, seen: max(tail, entry.loadedAt))
        } catch { throw Failure(error) }
    }

    /// Drops a stream from the cache.
    public func forget(_ stream: StreamID) { cache.forget(stream) }

    /// The stream that holds a unique value.
    public func owner(of value: String, in namespace: Namespace) async throws(Failure) -> StreamID? {
        var parameters = PostgresParameters()
        parameters.append(namespace.rawValue)
        parameters.append(keys.master.reservationKey(namespace, value))
        do {
            let rows = try await readPipeline.query(Self.findReservation, parameters)
            return rows.count > 0 ? try rows.id(0, 0) : nil
        } catch { throw Failure(error) }
    }

    /// The events of a stream in a range of versions, opened.
    public func events(of stream: StreamID, versions: ClosedRange<Int32>) async throws(Failure) -> [RecordedEvent] {
        do { return try await loader.events(of: stream, versions: versions) } catch { throw Failure(error) }
    }

    /// Seals bytes and stores them beside the log.
    public func storeBlob(_ bytes: [UInt8], for stream: StreamID) async throws(Failure) -> BlobReference {
        guard gate.reason == nil else { throw .unavailable(retryAfterSeconds: 30) }
        do {
            let box = try await sealingKey(of: stream).seal(bytes, epoch: keyring.current.current, at: .blob)
            let reference = BlobReference(hash: Digest.sha256(of: box), length: box.count)
            var parameters = PostgresParameters()
            parameters.append(reference.hash.bytes)
            parameters.append(stream)
            parameters.append(configuration.log)
            parameters.append(box)
            _ = try await writer.query(Self.storeBlob, parameters)
            return reference
        } catch { throw Failure(error) }
    }

    /// The key of a stream, drawn ahead when its first event is still to come.
    private func sealingKey(of stream: StreamID) async throws -> StreamKey {
        if try await loader.entry(stream).entry.version > 0 { return try await loader.key(of: stream) }
        return drawnKeys.key(of: stream) { StreamKey.draw(log: configuration.log, stream: stream) }
    }

    /// Opens a blob of a stream.
    public func blob(_ reference: BlobReference, of stream: StreamID) async throws(Failure) -> [UInt8] {
        do {
            let key = try await loader.key(of: stream)
            var parameters = PostgresParameters()
            parameters.append(configuration.log)
            parameters.append(stream)
            parameters.append(reference.hash.bytes)
            let rows = try await readPipeline.query(Self.findBlob, parameters)
            guard rows.count > 0 else { throw Failure.fault("a blob is missing") }
            let box = try rows.bytes(0, 0)
            guard Digest.sha256(of: box) == reference.hash else { throw EventCodingError.hashMismatch }
            return try key.open(box, at: .blob)
        } catch { throw Failure(error) }
    }

    // MARK: - Life

    /// Follows the log until the task is cancelled: keeps the cache current and wakes whoever waits for events.
    public func run() async {
        await Tailer(log: self, expire: { [appender] in appender.expire() }, logger: logger).run()
    }

    /// Works off what is queued, then refuses.
    public func close() async {
        appender.close()
        let deadline = ContinuousClock.now + .seconds(5)
        while !appender.isIdle, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(5)) }
        await writer.close()
        await readPipeline.close()
    }

    private static let findReservation = PostgresStatement(
        Statement.findReservation, parameterTypes: [.int2, .bytea], isReadOnly: true)
    private static let findCommand = PostgresStatement(
        Statement.findCommand, parameterTypes: [.int2, .uuid, .int4, .uuid], isReadOnly: true)
    private static let findLastOfCommand = PostgresStatement(
        Statement.findLastOfCommand, parameterTypes: [.int2, .int8, .uuid], isReadOnly: true)
    private static let storeBlob = PostgresStatement(
        Statement.storeBlob, parameterTypes: [.bytea, .uuid, .int2, .bytea])
    private static let findBlob = PostgresStatement(
        Statement.findBlob, parameterTypes: [.int2, .uuid, .bytea], isReadOnly: true)
}
