public import AccountDomain
import EventCoding
public import PostgresClient
public import PostgresLedger
import Transparency

/// Why a database or an export was not taken for a restore.
public enum RestoreRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// Something of a log stands in the database.
    case notEmpty
    /// The master key at hand is not the one of the exported log.
    case wrongMasterKey
    /// The keyring at hand has no such epoch, or another key for it.
    case wrongKeyring(epoch: Int32)
    /// A stream's key does not open under the keyring.
    case wrongKey(StreamID)
    /// A stream's versions do not follow each other.
    case brokenStream(StreamID, position: Int64)
    /// What was written is not what was read.
    case otherRoot

    /// The sentence for the operator.
    public var description: String {
        switch self {
        case .notEmpty: "the database holds a log or the rest of one; an export is restored into an empty database only"
        case .wrongMasterKey: "the master key is not that of the exported log"
        case .wrongKeyring(let epoch): "the keyring lacks the key of epoch \(epoch), or has another one"
        case .wrongKey(let stream): "the key of stream \(stream) does not open under the keyring"
        case .brokenStream(let stream, let position):
            "the versions of stream \(stream) do not follow each other at position \(position)"
        case .otherRoot: "the database does not hold what the export holds"
        }
    }
}

/// Makes a log of an export: same positions, times, hashes, versions, command ids and root.
///
/// Everything is written in one transaction, so that a fault anywhere leaves the database as it was. Blocks, and belongs
/// on a thread of its own.
public struct LogRestore {
    /// What became of it.
    public struct Outcome: Sendable {
        /// The log's name.
        public let origin: String
        /// How many events it has.
        public let position: Int64
        /// The root of the tree over them, as checkpoints have it.
        public let root: String
        /// How large the log was when the checkpoint of the export was signed; nil when it has none.
        public let checkpointSize: Int64?
    }

    /// So much is read before it is copied.
    private static let batchBytes = 8 << 20
    private static let batchRows = 20_000

    private let connection: PostgresConnection
    private let keys: LedgerKeys
    private let onProgress: (Int64) -> Void

    /// A restore into the database of a session.
    ///
    /// - Parameters:
    ///   - connection: a session whose user may become `ledger_owner`, on a database with the present schema.
    ///   - keys: the secrets of the exported log.
    ///   - onProgress: told the last position written, some times a second.
    public init(on connection: PostgresConnection, keys: LedgerKeys, onProgress: @escaping (Int64) -> Void = { _ in }) {
        self.connection = connection
        self.keys = keys
        self.onProgress = onProgress
    }

    /// Refuses a database that holds anything of a log.
    ///
    /// - Throws: ``RestoreRefusal/notEmpty``, `PostgresError`.
    public static func ensureEmpty(_ connection: PostgresConnection) throws {
        guard try !connection.query(Statement.findRows).bool(0, 0) else { throw RestoreRefusal.notEmpty }
    }

    /// Reads a file and writes what it holds; `beforeCommit` runs just ahead of the commit.
    ///
    /// - Throws: ``ExportFault``, ``RestoreRefusal``, `PostgresError`; nothing was written then.
    public func run(_ path: String, beforeCommit: () throws -> Void = {}) throws -> Outcome {
        try connection.transaction { connection in
            try connection.execute(script: "SET LOCAL ROLE ledger_owner; SET LOCAL synchronous_commit = on")
            try Self.ensureEmpty(connection)
            var writing = Writing(restore: self)
            let checker = try ExportFile.check(path) { item in
                switch item {
                case .event(let event): try writing.append(event)
                case .record(let record): try writing.take(record)
                }
            }
            try writing.finish()
            try verify(checker)
            try beforeCommit()
            return Outcome(
                origin: checker.origin, position: checker.position, root: checker.root.base64,
                checkpointSize: checker.checkpoint?.size)
        }
    }

    // MARK: Verification

    /// Compares what stands in the database with what was read.
    private func verify(_ checker: ExportChecker) throws {
        guard let log = checker.header?.log else { throw RestoreRefusal.otherRoot }
        var parameters = PostgresParameters()
        parameters.append(log)
        let broken = try connection.query(Statement.findBrokenStream, parameters)
        if broken.count > 0 {
            throw RestoreRefusal.brokenStream(try broken.id(0, 0), position: try broken.int64(0, 1))
        }
        var frontier = MerkleFrontier()
        var position: Int64 = 0
        while position < checker.position {
            let range = (position + 1)...min(checker.position, position + 1024)
            let rows = try ExportReading.events(log, range, on: connection)
            guard rows.count == range.count else { throw RestoreRefusal.otherRoot }
            for row in 0..<rows.count {
                try rows.lendEvent(row) { event in
                    guard let hash = TreeHash(bytes: event.leafHash) else { throw RestoreRefusal.otherRoot }
                    frontier.append(hash)
                }
            }
            position = range.upperBound
        }
        if try connection.query(Statement.findOutboxStart).bool(0, 0) {
            try connection.query(Statement.startOutbox, parameters)
        }
        guard frontier.root == checker.root, try ExportReading.head(log, on: connection) == checker.position else {
            throw RestoreRefusal.otherRoot
        }
        // Tiles and checkpoints are left to the sealer: from the same events and the same key it makes the same again.
    }

    // MARK: Writing

    private struct Writing {
        let connection: PostgresConnection
        let keys: LedgerKeys
        let onProgress: (Int64) -> Void
        var log: Int16 = 0
        var events: [StoredEvent] = []
        var blobs: [ExportRecord.Blob] = []
        var streamKeys: [ExportRecord.Key] = []
        var reservations: [ExportRecord.Reservation] = []
        var quotas: [ExportRecord.Quota] = []
        var bytes = 0
        var partitionsTo: Int64 = 0

        init(restore: LogRestore) {
            connection = restore.connection
            keys = restore.keys
            onProgress = restore.onProgress
        }

        mutating func append(_ event: StoredEvent) throws {
            events.append(event)
            bytes += 256 + event.meta.count + event.data.count + (event.secret?.count ?? 0)
            if bytes >= LogRestore.batchBytes || events.count >= LogRestore.batchRows { try flush() }
        }

        mutating func take(_ record: ExportRecord) throws {
            switch record {
            case .header(let header): try begin(header)
            case .blob(let blob):
                blobs.append(blob)
                bytes += blob.body.count
            case .epoch(let epoch): try insert(epoch)
            case .key(let key):
                try check(key)
                streamKeys.append(key)
                if streamKeys.count >= LogRestore.batchRows { try flush() }
            case .reservation(let reservation):
                reservations.append(reservation)
                if reservations.count >= LogRestore.batchRows { try flush() }
            case .quota(let quota): quotas.append(quota)
            case .closing: break
            }
        }

        mutating func finish() throws { try flush() }

        private mutating func begin(_ header: ExportRecord.Header) throws {
            guard header.masterCheck == keys.master.checkValue else { throw RestoreRefusal.wrongMasterKey }
            log = header.log
            var row = PostgresParameters()
            row.append(header.log)
            row.append(header.origin)
            row.append(header.masterCheck)
            row.append(header.openedAt)
            try connection.query(Statement.insertLog, row)
        }

        private func insert(_ epoch: ExportRecord.Epoch) throws {
            switch keys.keyring.checkValue(of: epoch.number) {
            case epoch.checkValue?: break
            case nil where epoch.retiredAt != nil: break
            default: throw RestoreRefusal.wrongKeyring(epoch: epoch.number)
            }
            var row = PostgresParameters()
            row.append(epoch.number)
            row.append(epoch.checkValue)
            row.append(epoch.openedAt)
            if let retiredAt = epoch.retiredAt { row.append(retiredAt) } else { row.appendNull(.timestamptz) }
            try connection.query(Statement.insertEpoch, row)
        }

        /// A key that does not open would be noticed by the person it belongs to, much later.
        private func check(_ key: ExportRecord.Key) throws {
            guard let wrapped = key.wrapped else { return }
            guard (try? keys.keyring.unwrap(wrapped, epoch: key.epoch, log: log, stream: key.stream)) != nil else {
                throw RestoreRefusal.wrongKey(key.stream)
            }
        }

        private mutating func flush() throws {
            if let last = events.last?.position {
                // Each call sees the events before, and makes what lies ahead of them.
                if last + LogPartitions.size >= partitionsTo {
                    try LogPartitions.ensure(log, on: connection)
                    partitionsTo = last + 2 * LogPartitions.size
                }
                try copyEvents()
                onProgress(last)
            }
            for blob in blobs { try insert(blob) }
            if !streamKeys.isEmpty { try copyKeys() }
            if !reservations.isEmpty { try copyReservations() }
            if !quotas.isEmpty { try copyQuotas() }
            events.removeAll(keepingCapacity: true)
            blobs.removeAll()
            streamKeys.removeAll(keepingCapacity: true)
            reservations.removeAll(keepingCapacity: true)
            quotas.removeAll()
            bytes = 0
        }

        private func copyEvents() throws {
            try connection.copyIn(Statement.copyEvents) { writer in
                for event in events {
                    try writer.row(columns: 11)
                    writer.append(event.position)
                    writer.append(timestampMicroseconds: event.recordedAt.microseconds)
                    writer.append(high: event.stream.high, low: event.stream.low)
                    writer.append(high: event.command.high, low: event.command.low)
                    writer.append(event.version)
                    writer.append(log)
                    writer.append(event.type)
                    writer.append(event.meta)
                    writer.append(event.data)
                    if let secret = event.secret { writer.append(secret) } else { writer.appendNull() }
                    if let hash = event.secretHash { writer.append(hash) } else { writer.appendNull() }
                }
            }
        }

        private func insert(_ blob: ExportRecord.Blob) throws {
            var row = PostgresParameters()
            row.append(blob.hash)
            row.append(blob.stream)
            row.append(log)
            row.append(blob.body)
            try connection.query(Statement.insertBlob, row)
        }

        private func copyKeys() throws {
            try connection.copyIn(Statement.copyKeys) { writer in
                for key in streamKeys {
                    try writer.row(columns: 5)
                    writer.append(log)
                    writer.append(high: key.stream.high, low: key.stream.low)
                    writer.append(key.epoch)
                    if let wrapped = key.wrapped { writer.append(wrapped) } else { writer.appendNull() }
                    if let destroyedAt = key.destroyedAt {
                        writer.append(timestampMicroseconds: destroyedAt.microseconds)
                    } else {
                        writer.appendNull()
                    }
                }
            }
        }

        private func copyReservations() throws {
            try connection.copyIn(Statement.copyReservations) { writer in
                for reservation in reservations {
                    try writer.row(columns: 5)
                    writer.append(reservation.namespace)
                    writer.append(log)
                    writer.append(reservation.keyHash)
                    writer.append(high: reservation.stream.high, low: reservation.stream.low)
                    writer.append(reservation.position)
                }
            }
        }

        private func copyQuotas() throws {
            try connection.copyIn(Statement.copyQuotas) { writer in
                for quota in quotas {
                    try writer.row(columns: 4)
                    writer.append(log)
                    writer.append(high: quota.owner.high, low: quota.owner.low)
                    writer.append(quota.used)
                    if let maximum = quota.maximum { writer.append(maximum) } else { writer.appendNull() }
                }
            }
        }
    }
}
