import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger
import StrictJSON
import Transparency

/// Reads one chunk after the other and checks all that can be told from a chunk alone.
///
/// Buffers are kept from chunk to chunk; an event costs five runs of SHA-256 and next to nothing besides.
final class ChunkScan {
    private let run: VerificationRun
    private let connection: PostgresConnection
    private var leaf = [UInt8](repeating: 0, count: 224)
    private var hashes: [TreeHash] = []
    private var places = StreamTable(slots: 1 << 12, maximumSlots: 1 << 17)
    private var types = EventTypes()
    private let keys: KeyTable?
    // Of the chunk at hand:
    private var result = ChunkResult(index: 0)
    private var next: Int64 = 0
    private var isBroken = false
    private var purged: [StreamID: Int64] = [:]
    private var blobs: [BlobName] = []
    private var erased: [StreamID] = []

    /// A blob that an event names.
    struct BlobName {
        let position: Int64
        let stream: StreamID
        let hash: [UInt8]
        let length: Int64
    }

    /// A scan that also opens boxes, when it is given the keys.
    init(_ run: VerificationRun, _ keys: KeyTable?, on connection: PostgresConnection) {
        self.run = run
        self.keys = keys
        self.connection = connection
        hashes.reserveCapacity(Int(Chunk.size))
    }

    func scan(_ index: Int64) throws -> ChunkResult {
        let positions = Chunk.positions(index)
        let last = min(positions.upperBound, run.head)
        begin(index)
        try connection.copyOut(
            Statement.copy(
                Statement.copyEvents, ["log": "\(run.log)", "from": "\(positions.lowerBound)", "to": "\(last)"])
        ) { row in try self.read(&row) }
        if !isBroken, next <= last { lost(upTo: last + 1) }
        let tiles = tileRoots()
        growTree(tiles)
        try checkTiles(tiles)
        try checkCheckpoints(tiles, upTo: last)
        try checkPurged()
        try BlobCheck(run).check(blobs, on: connection, into: &result.findings)
        try countErased()
        result.blobs = blobs.count
        result.findings.sort(by: Finding.precedes)
        defer { result = ChunkResult(index: 0) }
        return result
    }

    private func begin(_ index: Int64) {
        result = ChunkResult(index: index)
        next = Chunk.positions(index).lowerBound
        isBroken = false
        hashes.removeAll(keepingCapacity: true)
        places.removeAll()
        purged.removeAll(keepingCapacity: true)
        blobs.removeAll(keepingCapacity: true)
        erased.removeAll(keepingCapacity: true)
    }

    // MARK: - Rows

    /// Once a position is missing nothing behind it can be at its place, so the rest is passed over.
    private func read(_ row: inout PostgresCopyReader) throws {
        guard !isBroken else { return }
        let position = try row.int64()
        guard position == next else { return lost(upTo: position) }
        next += 1
        let time = try row.timestampMicroseconds()
        note(time, position)
        let stream = try row.uuid()
        let command = try row.uuid()
        let version = try row.int32()
        note(stream, version, position)
        let id = StreamID(high: stream.high, low: stream.low)
        let hash = try leaf.withUnsafeMutableBytes { buffer in
            // The zero byte that RFC 6962 puts before a leaf, and the leaf's own layout number.
            buffer[0] = 0
            buffer[1] = 1
            buffer.storeBytes(of: position.bigEndian, toByteOffset: 2, as: Int64.self)
            buffer.storeBytes(of: time.bigEndian, toByteOffset: 10, as: Int64.self)
            buffer.storeBytes(of: stream.high.bigEndian, toByteOffset: 18, as: UInt64.self)
            buffer.storeBytes(of: stream.low.bigEndian, toByteOffset: 26, as: UInt64.self)
            buffer.storeBytes(of: command.high.bigEndian, toByteOffset: 34, as: UInt64.self)
            buffer.storeBytes(of: command.low.bigEndian, toByteOffset: 42, as: UInt64.self)
            buffer.storeBytes(of: version.bigEndian, toByteOffset: 50, as: Int32.self)
            var end = 56
            var type = EventType()
            var name = UnsafeRawBufferPointer(rebasing: buffer[56..<56])
            try row.withBytes { stored in
                buffer.storeBytes(of: UInt16(clamping: stored.count).bigEndian, toByteOffset: 54, as: UInt16.self)
                // The table allows 64 bytes; what is longer was put there by force, and has no leaf.
                guard stored.count <= 64 else { return report(.leaf, position, id, "the name of its type is too long") }
                UnsafeMutableRawBufferPointer(rebasing: buffer[56...]).copyMemory(from: stored)
                end += stored.count
                name = UnsafeRawBufferPointer(rebasing: buffer[56..<end])
                type = types.type(named: name)
            }
            try row.withBytes { TreeHash.sha256($0).store(into: buffer, at: end) }
            try row.withBytes { data in
                TreeHash.sha256(data).store(into: buffer, at: end + 32)
                look(at: data, type.kind, id, position)
            }
            end += 64
            // Such events are opened and decoded when their stream is looked at.
            let isAudited = type.isAudited || version == 1
            if isAudited { result.audited += 1 }
            var secret: TreeHash?
            if row.isNextNull() {
                try row.skip()
            } else {
                secret = try row.withBytes { box in
                    if !isAudited { open(box, stream, version, name, position) }
                    return TreeHash.sha256(box)
                }
            }
            if row.isNextNull() {
                try row.skip()
                if secret != nil { report(.secretHash, position, id, "it has a box but no hash of it") }
                buffer[end] = 0
                end += 1
            } else {
                buffer[end] = 1
                try row.withBytes { stored in
                    guard stored.count == TreeHash.byteCount else {
                        return report(.secretHash, position, id, "the hash of its box has \(stored.count) bytes")
                    }
                    let stored = TreeHash(copying: stored, at: 0)
                    stored.store(into: buffer, at: end + 1)
                    if secret == nil {
                        if purged[id] == nil { purged[id] = position }
                    } else if secret != stored {
                        report(.secretHash, position, id, "its box has another hash than the row says")
                    }
                }
                end += 1 + TreeHash.byteCount
            }
            return TreeHash.sha256(UnsafeRawBufferPointer(rebasing: buffer[..<end]))
        }
        hashes.append(hash)
    }

    private func open(
        _ box: UnsafeRawBufferPointer, _ stream: (high: UInt64, low: UInt64), _ version: Int32,
        _ type: UnsafeRawBufferPointer, _ position: Int64
    ) {
        guard let key = keys?.key(stream.high, stream.low) else { return }
        if key.opens(box, version: version, type: type) {
            result.boxes += 1
        } else if result.shutBoxes.count < 1_000 {
            let name = String(decoding: type, as: UTF8.self)
            result.shutBoxes.append(
                Finding(
                    .box, position: position, stream: StreamID(high: stream.high, low: stream.low),
                    "\(name): \(EventCodingError.sealedUnderAnotherKey.description)"))
        }
    }

    private func report(_ kind: Finding.Kind, _ position: Int64, _ stream: StreamID?, _ detail: String) {
        result.findings.append(Finding(kind, position: position, stream: stream, detail))
    }

    private func lost(upTo position: Int64) {
        isBroken = true
        let detail =
            position == next + 1
            ? "the row is missing" : "the rows from here to position \(position - 1) are missing"
        report(.missing, next, nil, detail)
    }

    private func note(_ time: Int64, _ position: Int64) {
        if hashes.isEmpty {
            result.firstTime = time
        } else if time < result.lastTime {
            report(.time, position, nil, "its time lies before that of the event in front")
        }
        result.lastTime = time
    }

    private func note(_ stream: (high: UInt64, low: UInt64), _ version: Int32, _ position: Int64) {
        let known = Int(places.value(stream.high, stream.low))
        guard known == 0 else {
            let last = result.streams[known - 1].last
            if version != last &+ 1 {
                report(
                    .version, position, StreamID(high: stream.high, low: stream.low),
                    "version \(version) comes after version \(last)")
            }
            result.streams[known - 1].last = version
            return
        }
        result.streams.append(
            StreamSpan(high: stream.high, low: stream.low, first: version, last: version, position: position))
        // A chunk has no more streams than events, for which the table has room.
        _ = places.set(stream.high, stream.low, Int32(result.streams.count))
    }

    private func look(at data: UnsafeRawBufferPointer, _ kind: EventType.Kind, _ stream: StreamID, _ position: Int64) {
        switch kind {
        case .accountCreated: result.tally.created(Array(data))
        case .accountErased: erased.append(stream)
        case .spaceRules: result.tally.set(stream, Array(data))
        case .other: if let blob = BlobCheck.name(in: data, stream, position) { blobs.append(blob) }
        }
    }

    // MARK: - Tree

    /// The roots of the full tiles.
    private func tileRoots() -> [TreeHash] {
        (0..<hashes.count / HashTile.width).map { tile in
            var level = Array(hashes[(tile * HashTile.width)..<((tile + 1) * HashTile.width)])
            while level.count > 1 {
                for place in 0..<level.count / 2 {
                    level[place] = TreeHash.node(level[2 * place], level[2 * place + 1])
                }
                level.removeLast(level.count / 2)
            }
            return level[0]
        }
    }

    private func growTree(_ tiles: [TreeHash]) {
        for root in tiles { result.tree.append(subtree: root, level: HashTile.height) }
        for hash in hashes[(tiles.count * HashTile.width)...] { result.tree.append(hash) }
    }

    private func checkTiles(_ roots: [TreeHash]) throws {
        let first = result.index * Int64(HashTile.width)
        let rows = try connection.query(TileQuery.tiles, TileQuery.parameters(run.log, 0, first, Int64(roots.count)))
        var row = 0
        for (tile, root) in roots.enumerated() {
            let index = first + Int64(tile)
            let position = index * Int64(HashTile.width) + 1
            guard row < rows.count, try rows.int64(row, 0) == index else {
                if position + Int64(HashTile.width) - 1 <= run.sealedSize {
                    report(.tile, position, nil, "the tile from here on is missing")
                }
                continue
            }
            let computed = hashes[(tile * HashTile.width)..<((tile + 1) * HashTile.width)]
            let stored = HashTile(level: 0, index: index, bytes: try rows.bytes(row, 1))?.hashes ?? []
            let storedRoot = TreeHash(bytes: try rows.bytes(row, 2))
            if let wrong = zip(computed, stored).enumerated().first(where: { $1.0 != $1.1 })?.offset {
                report(.leaf, position + Int64(wrong), nil, "the row is not the one that was sealed")
            } else if stored.count != HashTile.width || storedRoot != root {
                report(.tile, position, nil, "the stored tile does not follow from the rows")
            } else if result.tiledTo == 0 || result.tiledTo == position - 1 {
                result.tiledTo = position + Int64(HashTile.width) - 1
            }
            row += 1
        }
        guard roots.count == HashTile.width else { return }
        try UpperTiles(run).check(level: 1, index: result.index, roots, on: connection, into: &result.findings)
    }

    /// Checkpoints of rows and files whose sizes lie in this chunk: signatures here, roots when the chunks before are known.
    private func checkCheckpoints(_ tiles: [TreeHash], upTo last: Int64) throws {
        let begin = Chunk.positions(result.index).lowerBound - 1
        var signed = run.saved.filter { $0.checkpoint.size > begin && $0.checkpoint.size <= last }
        var after = begin
        while true {
            var parameters = PostgresParameters()
            parameters.append(run.log)
            parameters.append(after)
            parameters.append(last)
            parameters.append(Int64(1_000))
            let rows = try connection.query(Self.findCheckpoints, parameters)
            for row in 0..<rows.count {
                let size = try rows.int64(row, 0)
                after = size
                switch run.judge.judge(size: size, root: try rows.bytes(row, 1), note: try rows.string(row, 2)) {
                case .success(let checkpoint):
                    signed.append(SignedSize(checkpoint: checkpoint, source: "the checkpoint", isSaved: false))
                case .failure(let refusal):
                    report(.checkpoint, size, nil, "the checkpoint of size \(size) \(refusal.reason)")
                }
            }
            if rows.count < 1_000 { break }
        }
        signed.sort { $0.checkpoint.size < $1.checkpoint.size }
        var grown = MerkleFrontier()
        for place in signed.indices {
            let size = Int(signed[place].checkpoint.size - begin)
            guard size <= hashes.count else { continue }
            while Int(grown.size) / HashTile.width < size / HashTile.width {
                grown.append(subtree: tiles[Int(grown.size) / HashTile.width], level: HashTile.height)
            }
            var tree = grown
            for hash in hashes[Int(grown.size)..<size] { tree.append(hash) }
            signed[place].tree = tree
            result.checkpoints.append(signed[place])
        }
    }

    // MARK: - What events say of other tables

    /// A box may be gone only where the person was erased.
    private func checkPurged() throws {
        guard !purged.isEmpty else { return }
        for stream in try BlobCheck(run).living(Array(purged.keys), on: connection) {
            guard let position = purged[stream] else { continue }
            report(.tombstone, position, stream, "its box is gone, but nothing was erased in its stream")
        }
    }

    /// An erased account gives its place back to the Space that its creation names.
    private func countErased() throws {
        guard !erased.isEmpty else { return }
        var parameters = PostgresParameters()
        parameters.append(run.log)
        parameters.append(array: erased.map { ($0.high, $0.low) })
        let rows = try connection.query(Self.findFirstData, parameters)
        for row in 0..<rows.count { result.tally.erased(try rows.bytes(row, 0)) }
    }

    private static let findCheckpoints = PostgresStatement(
        Statement.findCheckpoints, parameterTypes: [.int2, .int8, .int8, .int8], isReadOnly: true)
    private static let findFirstData = PostgresStatement(
        Statement.findFirstData, parameterTypes: [.int2, .uuidArray], isReadOnly: true)
}
