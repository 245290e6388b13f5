import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit

/// One step on one lane in one transaction (docs/log.md): lock, head, range, fold, write, move the checkpoint.
///
/// Whatever fails, nothing of it stays, and whoever comes next begins at the old checkpoint.
final class LaneStep {
    /// What a step came to.
    struct Outcome {
        /// How many events it read.
        var events = 0
        /// Whether somebody else holds the lane.
        var isHeld = false
        /// When the last event was recorded.
        var lastRecordedAt: Moment?
        /// Lanes in whose range nothing was found, with the position up to which that is known.
        var idle: [ProjectionID: (from: Int64, to: Int64)] = [:]
    }

    /// How much one step takes on.
    struct Size {
        var positions: Int64
        var events: Int
        var bytes: Int
    }

    private struct Parked: Hashable {
        let id: ProjectionID
        let stream: StreamID
    }

    private struct Member {
        let folder: any Folding
        let bit: UInt64
        let position: Int64
    }

    let log: Int16
    private(set) var folders: [any Folding] = []
    private let upcasters: Upcasters
    private let keys: StreamKeys
    private let reader: EventReader
    private let logger: Logger
    private var interest: [String: UInt64] = [:]

    init(log: Int16, keyring: LoadedKeyring, upcasters: Upcasters, cachedStreams: Int, logger: Logger) {
        self.log = log
        self.upcasters = upcasters
        self.logger = logger
        keys = StreamKeys(keyring: keyring, log: log, limit: cachedStreams)
        reader = EventReader(log: log)
    }

    /// Folds other versions from now on.
    func adopt(_ folders: [any Folding]) {
        precondition(folders.count <= 64, "one bit for each projection")
        self.folders = folders
        interest = [:]
    }

    /// Runs a step for all projections that are furthest behind on a lane.
    ///
    /// - Parameters:
    ///   - lane: The lane.
    ///   - checkpoints: The lane's checkpoints as they were seen without a lock, those of other programs included.
    ///   - isStopped: Whether a projection's lane stands still after an alarm.
    ///   - scanned: Up to where nothing of a lane is known to follow a checkpoint.
    ///   - size: How much to take on.
    ///   - connection: Where.
    /// - Returns: What it came to.
    /// - Throws: ``ContinuityError``; `PostgresError`; `EventCodingError` when the keyring lacks an epoch.
    func run(
        _ lane: Lane, expecting checkpoints: Int, isStopped: (ProjectionID) -> Bool,
        scanned: (ProjectionID, Int64) -> Int64, size: Size, on connection: PostgresConnection
    ) throws -> Outcome {
        var outcome = Outcome()
        var settled: [any Folding] = []
        var target: Int64 = 0
        do {
            try connection.transaction { connection in
                let members = try lock(lane, isStopped, checkpoints, on: connection)
                guard let members else {
                    outcome.isHeld = true
                    return
                }
                guard let low = members.map({ scanned($0.folder.id, $0.position) }).min() else { return }
                let group = members.filter { scanned($0.folder.id, $0.position) == low }
                // The head comes first: what is committed between the two reads is then beyond it.
                let head = try findHead(on: connection)
                var upper = min(head, low + size.positions)
                for member in members {
                    let other = scanned(member.folder.id, member.position)
                    if other > low { upper = min(upper, other) }
                }
                guard upper > low else { return }
                var batch = LaneBatch()
                target = try reader.read(
                    lane, after: low, upTo: upper, maximumEvents: size.events, maximumBytes: size.bytes, on: connection
                ) { stored in
                    batch.append(stored, takers: takers(of: stored.type))
                    return (batch.eventCount, batch.byteCount)
                }
                outcome.events = batch.eventCount
                outcome.lastRecordedAt = batch.lastRecordedAt
                guard batch.eventCount > 0 else {
                    for member in group { outcome.idle[member.folder.id] = (member.position, target) }
                    return
                }
                for member in group { member.folder.begin(lane, at: member.position) }
                settled = group.map(\.folder)
                try fold(batch, lane, group, on: connection)
                for member in group { try write(member.folder, on: connection) }
                try move(lane, group, to: target, on: connection)
            }
        } catch {
            for folder in folders { folder.forget(lane) }
            throw error
        }
        for folder in settled { folder.settle(at: target) }
        return outcome
    }

    /// Folds the parked streams again whose time has come, each from its beginning up to the checkpoint.
    func retry(
        _ lane: Lane, expecting checkpoints: Int, isStopped: (ProjectionID) -> Bool, on connection: PostgresConnection
    ) throws {
        do {
            try connection.transaction { connection in
                guard let members = try lock(lane, isStopped, checkpoints, on: connection) else { return }
                for (parked, isDue) in try findParked(lane, on: connection) where isDue {
                    guard let member = members.first(where: { $0.folder.id == parked.id }) else { continue }
                    try retry(parked, lane, member, on: connection)
                }
            }
        } catch {
            for folder in folders { folder.forget(lane) }
            throw error
        }
    }

    private func retry(_ parked: Parked, _ lane: Lane, _ member: Member, on connection: PostgresConnection) throws {
        var batch = LaneBatch()
        try reader.read(parked.stream, upTo: member.position, on: connection) { stored in
            batch.append(stored, takers: takers(of: stored.type) & member.bit)
        }
        try keys.gather([parked.stream], purged: batch.purged, on: connection)
        let folder = member.folder
        folder.begin(lane, at: member.position)
        do {
            for stream in batch.streams {
                let decoded = DecodedStream(stream, secret: keys[stream.stream], upcasters: upcasters)
                folder.start(decoded)
                try folder.fold(decoded, bit: member.bit)
            }
            try folder.remove(parked.stream, on: connection)
            try write(folder, on: connection)
            var parameters = PostgresParameters()
            parameters.append(parked.id.name)
            parameters.append(parked.id.version)
            parameters.append(log)
            parameters.append(parked.stream)
            try connection.query(Statement.unpark, parameters)
            folder.settle(at: member.position)
            logger.notice(
                "parked stream folded",
                metadata: ["projection": "\(parked.id.name)", "stream": "\(parked.stream)"])
        } catch let poison as PoisonError {
            try park([(parked, poison)], lane, on: connection)
        }
    }

    // MARK: Folding

    private func fold(
        _ batch: LaneBatch, _ lane: Lane, _ group: [Member], on connection: PostgresConnection
    ) throws {
        let parked = Set(try findParked(lane, on: connection).map(\.0))
        try keys.gather(batch.streams.lazy.map(\.stream), purged: batch.purged, on: connection)
        let streams = batch.streams.map { DecodedStream($0, secret: keys[$0.stream], upcasters: upcasters) }
        var poisoned: [(Parked, PoisonError)] = []
        var erased: [Parked] = []
        for member in group {
            let folder = member.folder
            let wanted = streams.filter { stream in
                guard stream.takers & member.bit != 0 else { return false }
                let place = Parked(id: folder.id, stream: stream.stream)
                guard parked.contains(place) else { return true }
                if stream.isKeyDestroyed { erased.append(place) }
                return false
            }
            let unreadable = try folder.load(wanted, on: connection)
            for stream in wanted {
                let place = Parked(id: folder.id, stream: stream.stream)
                if let poison = unreadable[stream.stream] {
                    poisoned.append((place, poison))
                    continue
                }
                do {
                    try folder.fold(stream, bit: member.bit)
                } catch let poison as PoisonError {
                    poisoned.append((place, poison))
                }
            }
        }
        try park(poisoned, lane, on: connection)
        try askForRetry(erased, on: connection)
    }

    private func takers(of type: String) -> UInt64 {
        if let known = interest[type] { return known }
        var takers: UInt64 = 0
        for (index, folder) in folders.enumerated() where folder.takes(type) { takers |= 1 << UInt64(index) }
        interest[type] = takers
        return takers
    }

    /// A statement that a projection's own tables refuse is that projection's fault, and must not stop the others.
    private func write(_ folder: any Folding, on connection: PostgresConnection) throws {
        do {
            try folder.write(on: connection)
        } catch let error as PostgresError where error.kind == .server && error.sqlState.hasPrefix("42") {
            throw ContinuityError(
                id: folder.id, text: "its tables are not as this program made them: \(error.sqlState)")
        }
    }

    // MARK: Statements

    /// The lane's checkpoints under their locks; nil while somebody else holds one of them.
    private func lock(
        _ lane: Lane, _ isStopped: (ProjectionID) -> Bool, _ expected: Int, on connection: PostgresConnection
    ) throws -> [Member]? {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(lane.number)
        parameters.append(lane.count)
        let rows = try connection.query(Statement.lockLane, parameters)
        guard rows.count >= expected else { return nil }
        var members: [Member] = []
        for row in 0..<rows.count {
            let id = ProjectionID(name: try rows.string(row, 0), version: try rows.int32(row, 1))
            guard let index = folders.firstIndex(where: { $0.id == id }), !isStopped(id) else { continue }
            members.append(
                Member(folder: folders[index], bit: 1 << UInt64(index), position: try rows.int64(row, 2)))
        }
        return members
    }

    private func findHead(on connection: PostgresConnection) throws -> Int64 {
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(Statement.findHead, parameters)
        return rows.count > 0 ? try rows.int64(0, 0) : 0
    }

    private func findParked(_ lane: Lane, on connection: PostgresConnection) throws -> [(Parked, Bool)] {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(lane.number)
        parameters.append(lane.count)
        let rows = try connection.query(Statement.findParked, parameters)
        return try (0..<rows.count).map { row in
            let id = ProjectionID(name: try rows.string(row, 0), version: try rows.int32(row, 1))
            return (Parked(id: id, stream: try rows.id(row, 2)), try rows.bool(row, 3))
        }
    }

    private func park(
        _ streams: [(Parked, PoisonError)], _ lane: Lane, on connection: PostgresConnection
    ) throws {
        guard !streams.isEmpty else { return }
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(lane.number)
        parameters.append(array: streams.map(\.0.id.name))
        parameters.append(array: streams.map(\.0.id.version))
        parameters.append(.ids(streams.map(\.0.stream)))
        parameters.append(array: streams.map(\.1.position))
        parameters.append(array: streams.map(\.1.text))
        parameters.append(array: streams.map { $0.1.type.isEmpty ? nil : $0.1.type })
        try connection.query(Statement.park, parameters)
        for (parked, poison) in streams {
            logger.error(
                "stream parked",
                metadata: [
                    "projection": "\(parked.id.name)", "stream": "\(parked.stream)", "position": "\(poison.position)",
                    "type": "\(poison.type)", "error": "\(poison.text)",
                ])
        }
    }

    private func askForRetry(_ streams: [Parked], on connection: PostgresConnection) throws {
        guard !streams.isEmpty else { return }
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(array: streams.map(\.id.name))
        parameters.append(array: streams.map(\.id.version))
        parameters.append(.ids(streams.map(\.stream)))
        try connection.query(Statement.askForRetry, parameters)
    }

    private func move(_ lane: Lane, _ group: [Member], to position: Int64, on connection: PostgresConnection) throws {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(lane.number)
        parameters.append(position)
        parameters.append(array: group.map(\.folder.id.name))
        parameters.append(array: group.map(\.folder.id.version))
        try connection.query(Statement.moveLane, parameters)
    }
}
