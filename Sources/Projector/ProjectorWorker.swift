import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit

/// One thread that folds: it goes round the lanes, and takes those that nobody else holds.
final class ProjectorWorker {
    private struct Place: Hashable {
        let id: ProjectionID
        let lane: Lane
    }

    /// The most appended events for which it pays to ask first which lanes they are in.
    private static let fewEvents: Int64 = 500
    private static let pollMilliseconds = 500
    private static let cachedStreams = 20_000

    private let setup: ProjectorSetup
    private let state: ProjectorState
    private let bell: Bell
    private let number: Int
    private let step: LaneStep
    private var pace = Pace()
    private var isRegistered = false
    /// Up to where nothing of a lane is known to follow its checkpoint.
    private var scanned: [Place: (from: Int64, to: Int64)] = [:]
    private var lastAdvance: Int64 = 0
    /// Places that broke once.
    ///
    /// What was remembered may have been wrong; a second time it is the tables.
    private var suspected: Set<Place> = []
    private var stopped: Set<Place> = []

    init(_ setup: ProjectorSetup, _ state: ProjectorState, _ bell: Bell, number: Int) {
        self.setup = setup
        self.state = state
        self.bell = bell
        self.number = number
        step = LaneStep(
            log: setup.log, keyring: setup.keyring, upcasters: setup.upcasters, cachedStreams: Self.cachedStreams,
            logger: setup.logger)
    }

    /// Works until the projector stops.
    func run() {
        var pause = Backoff()
        while !state.isStopping {
            do {
                let connection = try PostgresConnection(setup.workerConfiguration)
                defer { connection.close() }
                if !isRegistered {
                    var logger = setup.logger
                    // One of the workers says it for all.
                    if number > 0 { logger.logLevel = .error }
                    try Projections.register(setup.projections, on: connection, logger: logger)
                    isRegistered = true
                }
                while !state.isStopping {
                    try work(on: connection)
                    pause.reset()
                }
            } catch {
                guard !state.isStopping else { return }
                setup.logger.warning("the projector has to begin again", metadata: ["error": "\(describe(error))"])
                scanned = [:]
                bell.wait(milliseconds: pause.next())
            }
        }
    }

    /// One round over the lanes, and the rest or the sleep after it.
    private func work(on connection: PostgresConnection) throws {
        let begin = Pace.nowMilliseconds
        let round = try goRound(on: connection)
        try advanceIdleLanes(on: connection)
        state.count(round.events)
        guard round.events > 0 || round.isBehind else {
            bell.wait(milliseconds: Self.pollMilliseconds)
            return
        }
        let rest = pace.rest(
            events: round.events, tookMilliseconds: Pace.nowMilliseconds - begin, lastRecordedAt: round.lastRecordedAt,
            isBehind: round.isBehind)
        // Rings during the rest are kept short of ending it: whoever appends at full speed rings all the time.
        let end = Pace.nowMilliseconds + Int64(rest)
        while !state.isStopping, Pace.nowMilliseconds < end {
            bell.wait(milliseconds: Int(end - Pace.nowMilliseconds))
        }
        // Everything there is belongs to others at the moment.
        if round.events == 0 { bell.wait(milliseconds: 5) }
    }

    /// What a round came to.
    private struct Round {
        var events = 0
        var isBehind = false
        var lastRecordedAt: Moment?
    }

    private func goRound(on connection: PostgresConnection) throws -> Round {
        var round = Round()
        let checkpoints = try findLanes(on: connection)
        adopt(checkpoints)
        let lanes = Dictionary(grouping: checkpoints, by: \.lane)
        let head = try findHead(on: connection)
        let behind = try findBehind(lanes, head, on: connection)
        // Each worker begins at another lane, so that they seldom ask for the same one.
        let order = lanes.keys.sorted { ($0.count, $0.number) < ($1.count, $1.number) }
        let first = order.isEmpty ? 0 : number * order.count / setup.workers % order.count
        for lane in order[first...] + order[..<first] {
            guard !state.isStopping, let members = lanes[lane] else { break }
            if members.contains(where: { $0.isRetryDue && !isStopped($0.id, lane) }) {
                try guardContinuity(lane) {
                    try step.retry(
                        lane, expecting: members.count, isStopped: { isStopped($0, lane) }, on: connection)
                }
            }
            guard behind.contains(lane) else { continue }
            try guardContinuity(lane) {
                let outcome = try step.run(
                    lane, expecting: members.count, isStopped: { isStopped($0, lane) },
                    scanned: { reach($0, lane, $1) }, size: pace.size, on: connection)
                round.events += outcome.events
                for (id, range) in outcome.idle { scanned[Place(id: id, lane: lane)] = range }
                if outcome.isHeld { round.isBehind = true }
                if let recordedAt = outcome.lastRecordedAt {
                    round.lastRecordedAt = min(round.lastRecordedAt ?? recordedAt, recordedAt)
                }
                if outcome.events >= pace.size.events { round.isBehind = true }
            }
        }
        if round.events > 0, !round.isBehind, let low = checkpoints.map(\.position).min() {
            round.isBehind = head - low >= pace.size.positions
        }
        return round
    }

    /// Folds every version that its tables were made for by one of our folds: a rebuild adds one, and takes one away.
    private func adopt(_ checkpoints: [LaneCheckpoint]) {
        var ours: [(id: ProjectionID, projection: any Projection)] = []
        var seen: Set<ProjectionID> = []
        for checkpoint in checkpoints where seen.insert(checkpoint.id).inserted {
            let projection = setup.projections.first {
                $0.name == checkpoint.id.name && $0.version == checkpoint.fold
            }
            if let projection { ours.append((checkpoint.id, projection)) }
        }
        guard ours.map(\.id) != step.folders.map(\.id) else { return }
        let known = step.folders
        step.adopt(
            ours.map { id, projection in
                known.first { $0.id == id } ?? makeFolder(projection, version: id.version, limit: Self.cachedStreams)
            })
    }

    /// The lanes in which something may have happened since.
    private func findBehind(
        _ lanes: [Lane: [LaneCheckpoint]], _ head: Int64, on connection: PostgresConnection
    ) throws -> Set<Lane> {
        var lows: [Lane: Int64] = [:]
        for (lane, members) in lanes {
            let low = members.filter { isOurs($0.id) && !isStopped($0.id, lane) }
                .map { reach($0.id, lane, $0.position) }.min()
            if let low, low < head { lows[lane] = low }
        }
        guard let lowest = lows.values.min(), head - lowest <= Self.fewEvents else { return Set(lows.keys) }
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        parameters.append(lowest)
        parameters.append(head)
        let rows = try connection.query(Statement.findBusyLanes, parameters)
        let bytes = try (0..<rows.count).map { try rows.int32($0, 0) }
        var busy: Set<Lane> = []
        for lane in lows.keys {
            if bytes.contains(where: { lane.holds(firstByte: $0) }) {
                busy.insert(lane)
                continue
            }
            for member in lanes[lane] ?? [] where isOurs(member.id) && member.position < head {
                guard reach(member.id, lane, member.position) >= lowest else { continue }
                scanned[Place(id: member.id, lane: lane)] = (member.position, head)
            }
        }
        return busy
    }

    // MARK: Continuity

    /// Runs a step; a projection whose tables are not where they ought to be stops on this lane, and says so.
    private func guardContinuity(_ lane: Lane, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ContinuityError {
            let place = Place(id: error.id, lane: lane)
            guard !suspected.insert(place).inserted else { return }
            stopped.insert(place)
            state.raise(
                ProjectorAlarm(
                    projection: error.id.name, version: error.id.version, lane: lane.number, text: error.text))
            setup.logger.critical(
                "a read model is not where its checkpoint says: this lane stops until the projection is rebuilt",
                metadata: [
                    "projection": "\(error.id.name)", "version": "\(error.id.version)", "lane": "\(lane.number)",
                    "found": "\(error.text)",
                ])
        }
    }

    private func isStopped(_ id: ProjectionID, _ lane: Lane) -> Bool { stopped.contains(Place(id: id, lane: lane)) }

    private func isOurs(_ id: ProjectionID) -> Bool { step.folders.contains { $0.id == id } }

    // MARK: Idle lanes

    /// How far a lane is level, its checkpoint being at `position`.
    private func reach(_ id: ProjectionID, _ lane: Lane, _ position: Int64) -> Int64 {
        guard let known = scanned[Place(id: id, lane: lane)], known.from == position else { return position }
        return max(position, known.to)
    }

    /// Moves the checkpoints of lanes in which nothing happens, all in one statement and at most once a second.
    private func advanceIdleLanes(on connection: PostgresConnection) throws {
        let due = scanned.filter { $0.value.to > $0.value.from }
        guard !due.isEmpty, Pace.nowMilliseconds - lastAdvance >= 1_000 else { return }
        lastAdvance = Pace.nowMilliseconds
        let places = Array(due)
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        parameters.append(array: places.map(\.key.id.name))
        parameters.append(array: places.map(\.key.id.version))
        parameters.append(array: places.map(\.key.lane.number))
        parameters.append(array: places.map(\.value.from))
        parameters.append(array: places.map(\.value.to))
        let rows = try connection.query(Statement.advanceIdleLanes, parameters)
        for row in 0..<rows.count {
            let id = ProjectionID(name: try rows.string(row, 0), version: try rows.int32(row, 1))
            let lane = try rows.int16(row, 2)
            for (place, range) in places where place.id == id && place.lane.number == lane {
                step.folders.first { $0.id == id }?.advance(place.lane, from: range.from, to: range.to)
            }
        }
        for (place, _) in places { scanned[place] = nil }
    }

    // MARK: Statements

    private func findLanes(on connection: PostgresConnection) throws -> [LaneCheckpoint] {
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        let rows = try connection.query(Statement.findLanes, parameters)
        return try (0..<rows.count).map { row in
            LaneCheckpoint(
                id: ProjectionID(name: try rows.string(row, 0), version: try rows.int32(row, 1)),
                fold: try rows.int32(row, 6),
                lane: Lane(number: try rows.int16(row, 3), count: try rows.int16(row, 2)),
                position: try rows.int64(row, 4), isRetryDue: try rows.bool(row, 5))
        }
    }

    private func findHead(on connection: PostgresConnection) throws -> Int64 {
        var parameters = PostgresParameters()
        parameters.append(setup.log)
        let rows = try connection.query(Statement.findHead, parameters)
        return rows.count > 0 ? try rows.int64(0, 0) : 0
    }

    private func describe(_ error: any Error) -> String {
        switch error {
        case let error as PostgresError: error.description
        case let error as EventCodingError: error.description
        default: "\(type(of: error))"
        }
    }
}

/// Opens the existential, so that states keep their own type.
private func makeFolder<P: Projection>(_ projection: P, version: Int32, limit: Int) -> any Folding {
    ProjectionFolder(projection, version: version, limit: limit)
}
