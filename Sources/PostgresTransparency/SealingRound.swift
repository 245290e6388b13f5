import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger
import Transparency

/// One round of sealing after the other, on the sealer's thread.
///
/// Everything it remembers could be read again: the edge of the tree, which is checked against the newest checkpoint
/// whenever it was not this sealer that signed it, and the versions of streams.
final class SealingRound {
    /// What a round came to.
    struct Outcome {
        /// The newest checkpoint there is.
        var newest: SealedCheckpoint?
        /// How many events were sealed by this round.
        var sealed: Int64 = 0
        /// Whether more events wait than a step takes.
        var isBehind = false
        /// Whether events wait that are to be sealed a little later, or by another who is at it.
        var isEarly = false
        /// Which standbys keep all that is new from being sealed.
        var holds: [StandbyHold] = []
        /// Whether they will soon have what they lack.
        var isCatchingUp: Bool { !holds.isEmpty && holds.allSatisfy { $0.reason == .isBehind } }
    }

    /// What the database says before a round.
    private struct Standing {
        let head: Int64
        let newest: SealedCheckpoint?
        /// How long ago the newest checkpoint was signed.
        let ageMilliseconds: Int64
    }

    /// What this sealer knows of the tree.
    private struct Knowledge {
        var edge = TreeEdge()
        var root: TreeHash = .empty
        var versions = VersionBook()
        /// The leaves of the last step, behind `stepStart`.
        var stepStart: Int64 = 0
        var stepLeaves: [TreeHash] = []
    }

    private let configuration: SealerConfiguration
    private var knowledge: Knowledge?
    /// The newest checkpoint seen: it stands for good.
    private var published: SealedCheckpoint?
    /// How many events a round takes at most.
    private var step: Int64
    private var standbys: StandbyLimit

    init(_ configuration: SealerConfiguration, standbys: StandbyLimit? = nil) {
        self.configuration = configuration
        self.standbys = standbys ?? StandbyLimit(configuration.standbys, log: configuration.log)
        step = configuration.step
    }

    /// Takes fewer events at a time, since so many could not be read in the time that a statement has; later more again.
    func shorten() { step = max(step / 4, min(configuration.step, 100)) }

    /// Forgets what is remembered, as after the loss of a connection.
    func forget() {
        knowledge = nil
        standbys.forget()
    }

    /// Looks, and seals a step when the log has grown and nobody else is at it.
    ///
    /// - Parameters:
    ///   - connection: The sealer's session.
    ///   - minimumPause: How old the newest checkpoint must be, in milliseconds, so that several gateways do not sign
    ///     more of them than one would.
    /// - Returns: What it came to.
    /// - Throws: ``SealingFault``, `PostgresError`; nothing was written then.
    func run(on connection: PostgresConnection, minimumPause: Int) throws -> Outcome {
        let seen = try look(on: connection)
        try compareKnown(seen)
        try compareSealed(seen.newest, on: connection)
        var outcome = Outcome(newest: published)
        guard configuration.key != nil, seen.head > seen.newest?.size ?? 0 else { return outcome }
        outcome.isEarly = true
        let limit: Int64
        (limit, outcome.holds) = try standbys.find(beyond: seen.newest?.size ?? 0, on: connection)
        guard limit > seen.newest?.size ?? 0 else { return outcome }
        guard seen.ageMilliseconds >= minimumPause || seen.newest == nil else { return outcome }
        var grownTo: Knowledge?
        do {
            try connection.transaction { connection in
                var parameters = PostgresParameters()
                parameters.append(configuration.log)
                guard try connection.query(Statement.tryLock, parameters).bool(0, 0) else { return }
                // Under the lock: another may have sealed since.
                let standing = try look(on: connection)
                let from = standing.newest?.size ?? 0
                let end = min(standing.head, limit)
                guard let to = next(after: from, to: end) else { return }
                try know(standing.newest, on: connection)
                guard let known = knowledge else { return }
                let grown = try extend(known, to: to, on: connection)
                try compareLost(grown)
                outcome.newest = try sign(grown, on: connection)
                outcome.sealed = to - from
                outcome.isBehind = end - to >= step / 2
                grownTo = grown
            }
        } catch {
            knowledge = nil
            throw error
        }
        if let grownTo {
            step = min(step * 2, configuration.step)
            knowledge = grownTo
            knowledge?.versions.settle()
            configuration.appended?.forget(through: grownTo.edge.size)
        }
        return outcome
    }

    /// Where the next step ends, of what may be signed up to `end`; nil when nothing may.
    private func next(after from: Int64, to end: Int64) -> Int64? {
        // What was published and is lost is gone over first, and to its very end, so that nothing else is signed before.
        if let published, from < published.size { return published.size <= end ? published.size : nil }
        return from < end ? min(end, from + step) : nil
    }

    /// Nothing is signed on a database that was set back behind what is published.
    ///
    /// A standby that was promoted has the events of every published checkpoint, and may lack the newest checkpoints
    /// themselves: these are signed again.
    private func compareKnown(_ seen: Standing) throws(SealingFault) {
        let newest = seen.newest
        if let published, newest?.size ?? 0 < published.size {
            if standbys.isSet, seen.head >= published.size { return }
            throw SealingFault(
                .shortened, at: published.size,
                "a checkpoint of \(published.size) was published, but the newest in the database is of "
                    + "\(newest?.size ?? 0): it was set back")
        }
        if let published, let newest, newest.size == published.size, newest.root != published.root {
            throw SealingFault(
                .changed, at: published.size, "the checkpoint of \(published.size) is another one than was published")
        }
        published = newest ?? published
    }

    /// What is signed again is what was published.
    private func compareLost(_ grown: Knowledge) throws(SealingFault) {
        guard let published, grown.edge.size == published.size, grown.root != published.root else { return }
        throw SealingFault(
            .changed, at: published.size,
            "the tree over the first \(published.size) events is another one than was published")
    }

    private func look(on connection: PostgresConnection) throws -> Standing {
        var parameters = PostgresParameters()
        parameters.append(configuration.log)
        let rows = try connection.query(Statement.findSealing, parameters)
        let head = try rows.int64(0, 0)
        guard !rows.isNull(0, 1) else { return Standing(head: head, newest: nil, ageMilliseconds: 0) }
        let newest = try rows.sealedCheckpoint(0, from: 1)
        guard head >= newest.size else {
            throw SealingFault(
                .shortened, at: newest.size, "the log ends at \(head), but a checkpoint of \(newest.size) was signed")
        }
        return Standing(head: head, newest: newest, ageMilliseconds: try rows.int64(0, 4))
    }

    // MARK: What is sealed

    /// Sees to it that what is known is the tree of the newest checkpoint.
    private func know(_ newest: SealedCheckpoint?, on connection: PostgresConnection) throws {
        let size = newest?.size ?? 0
        if let knowledge, knowledge.edge.size == size, knowledge.root == newest?.root ?? .empty { return }
        var known = Knowledge()
        known.versions = knowledge?.edge.size == size ? knowledge?.versions ?? VersionBook() : VersionBook()
        knowledge = nil
        guard let newest else {
            knowledge = known
            return
        }
        if let key = configuration.key { try verify(newest, with: [key.verifier] + configuration.former.verifiers) }
        known.edge = try TreeEdgeReader(log: configuration.log).read(size: size, on: connection)
        known.root = known.edge.root
        known.stepStart = size
        guard known.root == newest.root else {
            throw SealingFault(
                .changed, at: size, "the tree over the first \(size) events no longer has the root that was signed")
        }
        knowledge = known
    }

    private func verify(_ checkpoint: SealedCheckpoint, with keys: [VerifierKey]) throws(SealingFault) {
        do throws(TransparencyError) {
            let stated = try Checkpoint(verifying: SignedNote(checkpoint.note), ofLog: keys)
            guard stated.size == checkpoint.size, stated.root == checkpoint.root else { throw .malformed("checkpoint") }
        } catch {
            throw SealingFault(
                .foreignKey, at: checkpoint.size,
                "the checkpoint of \(checkpoint.size) does not fit the signing key: \(error.description)")
        }
    }

    // MARK: Growth

    /// Reads the new rows up to a position, checks them, and writes the tiles that they fill.
    private func extend(_ known: Knowledge, to: Int64, on connection: PostgresConnection) throws -> Knowledge {
        var grown = known
        let from = known.edge.size
        var reader = RowReader(after: from, recordedAt: known.edge.recordedAt, versions: known.versions)
        try connection.copyOut(Statement.copyRows(configuration.log, after: from, to: to)) { row in
            try reader.read(&row)
        }
        guard reader.position == to else {
            throw SealingFault(.gap, at: reader.position + 1, "position \(reader.position + 1) is missing")
        }
        try judge(reader.versions, sealed: from, on: connection)
        var tiles: [HashTile] = []
        for leaf in reader.leaves { grown.edge.append(leaf, filled: &tiles) }
        grown.edge.recordedAt = reader.recordedAt
        grown.root = grown.edge.root
        grown.versions = reader.versions
        grown.stepStart = from
        grown.stepLeaves = reader.leaves
        try insert(tiles, on: connection)
        try compare(through: to, with: grown, on: connection)
        return grown
    }

    /// Asks the index for the versions that streams had when they were sealed last, and throws the first fault.
    private func judge(_ versions: VersionBook, sealed: Int64, on connection: PostgresConnection) throws {
        let questions = versions.questions
        for start in stride(from: 0, to: questions.count, by: 10_000) {
            let asked = questions[start..<min(start + 10_000, questions.count)]
            var parameters = PostgresParameters()
            parameters.append(configuration.log)
            parameters.append(sealed)
            parameters.append(array: asked.map { (high: $0.stream.high, low: $0.stream.low) })
            parameters.append(array: asked.map(\.version))
            let rows = try connection.query(Statement.findBadVersion, parameters)
            guard rows.count > 0 else { continue }
            let (stream, version): (StreamID, Int32) = (try rows.id(0, 0), try rows.int32(0, 1))
            let position = asked.first { $0.stream == stream && $0.version == version }?.position ?? sealed
            if let conflict = versions.conflict, conflict.position < position { throw conflict }
            throw VersionBook.fault(version, after: try rows.int32(0, 2), at: position)
        }
        if let conflict = versions.conflict { throw conflict }
    }

    private func insert(_ tiles: [HashTile], on connection: PostgresConnection) throws {
        guard !tiles.isEmpty else { return }
        var parameters = PostgresParameters()
        parameters.append(configuration.log)
        parameters.append(array: tiles.map { Int16($0.level) })
        parameters.append(array: tiles.map(\.index))
        parameters.append(array: tiles.map(\.bytes))
        parameters.append(array: tiles.map(\.root.bytes))
        do throws(PostgresError) {
            try connection.query(Statement.insertTiles, parameters)
        } catch {
            guard error.sqlState == "23505" else { throw error }
            throw SealingFault(
                .changed, at: (tiles[0].index + 1) * Int64(HashTile.width),
                "a tile stands already that no checkpoint covers")
        }
    }

    private func sign(_ grown: Knowledge, on connection: PostgresConnection) throws -> SealedCheckpoint? {
        guard let key = configuration.key else { return nil }
        let checkpoint = Checkpoint(origin: configuration.origin, size: grown.edge.size, root: grown.root)
        let note = String(describing: try checkpoint.signed(with: [key] + configuration.former.signing))
        var parameters = PostgresParameters()
        parameters.append(configuration.log)
        parameters.append(checkpoint.size)
        parameters.append(checkpoint.root.bytes)
        parameters.append(note)
        try connection.query(Statement.insertCheckpoint, parameters)
        return SealedCheckpoint(size: checkpoint.size, root: checkpoint.root, note: note)
    }

    // MARK: What this gateway appended

    /// Compares what this gateway appended with what others sealed since, or this one before it knew.
    private func compareSealed(_ newest: SealedCheckpoint?, on connection: PostgresConnection) throws {
        guard let newest, let appended = configuration.appended, !appended.known(through: newest.size).isEmpty else {
            return
        }
        try know(newest, on: connection)
        guard let knowledge else { return }
        try compare(through: newest.size, with: knowledge, on: connection)
        appended.forget(through: newest.size)
    }

    private func compare(
        through position: Int64, with knowledge: Knowledge, on connection: PostgresConnection
    ) throws {
        guard let known = configuration.appended?.known(through: position), !known.isEmpty else { return }
        let edge = knowledge.edge
        var inTiles: Set<Int64> = []
        for (position, _) in known where position <= min(knowledge.stepStart, edge.tiledSize) {
            inTiles.insert((position - 1) / Int64(HashTile.width))
        }
        let tiles = try TileReader.read(
            inTiles.map { (0, $0) }, log: configuration.log, on: connection)
        for (position, hash) in known {
            let sealed: TreeHash?
            if position > knowledge.stepStart {
                let place = Int(position - knowledge.stepStart) - 1
                sealed = place < knowledge.stepLeaves.count ? knowledge.stepLeaves[place] : nil
            } else if position > edge.tiledSize {
                sealed = edge.tail[Int(position - edge.tiledSize) - 1]
            } else {
                let tile = tiles[(position - 1) / Int64(HashTile.width)]
                sealed = tile?.hashes[Int((position - 1) % Int64(HashTile.width))]
            }
            guard sealed == TreeHash(bytes: hash.bytes) else {
                throw SealingFault(
                    .difference, at: position,
                    "position \(position) is not the event that this gateway appended there")
            }
        }
    }
}

extension PostgresRows {
    /// A checkpoint whose three columns begin at `column`.
    func sealedCheckpoint(_ row: Int, from column: Int) throws -> SealedCheckpoint {
        guard let root = TreeHash(bytes: try bytes(row, column + 1)) else {
            throw SealingFault(.malformed, at: try int64(row, column), "a checkpoint has no root")
        }
        return SealedCheckpoint(size: try int64(row, column), root: root, note: try string(row, column + 2))
    }
}
