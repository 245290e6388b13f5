import Accounts
import AccountDomain
import EventCoding
import PostgresClient
public import PostgresLedger
public import Transparency

/// The sealed log as it is served: full tiles from their table, partial ones from the rows and roots below them.
public struct PostgresSealedLog: SealedLog {
    private let log: Int16
    private let reader: PostgresPipeline

    /// The sealed part of a log.
    public init(log: PostgresLog) {
        self.log = log.number
        reader = log.reader
    }

    init(log: Int16, reader: PostgresPipeline) {
        self.log = log
        self.reader = reader
    }

    // MARK: - Checkpoints

    /// The newest checkpoint.
    public func newestCheckpoint() async throws -> SealedCheckpoint? {
        try await reading {
            var parameters = PostgresParameters()
            parameters.append(log)
            let rows = try await reader.query(Statement.findNewestCheckpoint, parameters)
            return rows.count > 0 ? try rows.sealedCheckpoint(0, from: 0) : nil
        }
    }

    /// The checkpoint of exactly this size.
    public func checkpoint(ofSize size: Int64) async throws -> SealedCheckpoint? {
        try await reading {
            var parameters = PostgresParameters()
            parameters.append(log)
            parameters.append(size)
            let rows = try await reader.query(Statement.findCheckpoint, parameters)
            return rows.count > 0 ? try rows.sealedCheckpoint(0, from: 0) : nil
        }
    }

    private func sealedSize() async throws -> Int64 { try await newestCheckpoint()?.size ?? 0 }

    // MARK: - Tiles

    /// The first hashes of a tile.
    public func tile(level: Int, index: Int64, width: Int) async throws -> [UInt8]? {
        let there = HashTile.width(level: level, index: index, inTreeOf: try await sealedSize())
        guard width > 0, width <= there else { return nil }
        return try await reading {
            let tile = try await tiles([Place(level: level, index: index, width: there)]).first?.value
            return tile.map { Array($0.bytes.prefix(width * TreeHash.byteCount)) }
        }
    }

    /// The first entries of a bundle.
    public func entries(index: Int64, width: Int) async throws -> [UInt8]? {
        let there = HashTile.width(level: 0, index: index, inTreeOf: try await sealedSize())
        guard width > 0, width <= there else { return nil }
        return try await reading {
            let first = index * Int64(HashTile.width)
            return try EntryBundle.encode(try await rows(after: first, to: first + Int64(width)).map(\.leaf))
        }
    }

    // MARK: - Proofs

    /// That a leaf stands in a tree.
    public func inclusion(of index: Int64, inTreeOf size: Int64) async throws -> ProvenLeaf? {
        let sealed = try await sealedSize()
        guard index >= 0, index < size, size <= sealed else { return nil }
        let leaf = TreeNode(level: 0, index: index)
        return try await reading {
            let hashes = try await hashes([leaf] + InclusionProof.nodes(index: index, size: size), sealed: sealed)
            return ProvenLeaf(
                leafHash: try hashes(leaf), proof: try InclusionProof(index: index, size: size, read: hashes))
        }
    }

    /// That one tree extends another.
    public func consistency(from: Int64, to: Int64) async throws -> ProvenExtension? {
        let sealed = try await sealedSize()
        guard from >= 0, from <= to, to <= sealed else { return nil }
        let (older, newer) = (MerkleFrontier.nodes(ofSize: from), MerkleFrontier.nodes(ofSize: to))
        return try await reading {
            let hashes = try await hashes(
                older + newer + ConsistencyProof.nodes(from: from, size: to), sealed: sealed)
            return ProvenExtension(
                older: try MerkleFrontier(size: from, read: hashes).root,
                newer: try MerkleFrontier(size: to, read: hashes).root,
                proof: try ConsistencyProof(from: from, size: to, read: hashes))
        }
    }

    /// Fetches the tiles that hold some nodes, and tells the nodes' hashes from them.
    private func hashes(_ nodes: [TreeNode], sealed: Int64) async throws -> (TreeNode) throws -> TreeHash {
        var places: Set<Place> = []
        for node in nodes {
            let (level, index) = HashTile.place(of: node)
            places.insert(
                Place(
                    level: level, index: index,
                    width: HashTile.width(level: level, index: index, inTreeOf: sealed)))
        }
        let tiles = try await tiles(Array(places))
        let byPlace = Dictionary(uniqueKeysWithValues: tiles.map { (Spot($0.key.level, $0.key.index), $0.value) })
        return { node in
            let (level, index) = HashTile.place(of: node)
            guard let hash = byPlace[Spot(level, index)]?.hash(of: node) else {
                throw Failure.fault("a sealed tile is missing")
            }
            return hash
        }
    }

    // MARK: - Reading

    /// A tile as wide as the sealed tree has it.
    private struct Place: Hashable {
        let level: Int
        let index: Int64
        let width: Int
    }

    private struct Spot: Hashable {
        let level: Int
        let index: Int64

        init(_ level: Int, _ index: Int64) {
            self.level = level
            self.index = index
        }
    }

    private func tiles(_ places: [Place]) async throws -> [Place: HashTile] {
        var tiles: [Place: HashTile] = [:]
        let full = places.filter { $0.width == HashTile.width }
        if !full.isEmpty {
            let rows = try await reader.query(
                Statement.findTiles, TileReader.parameters(full.map { ($0.level, $0.index) }, log: log))
            for row in 0..<rows.count {
                guard let tile = try rows.tile(row) else { throw Failure.fault("a stored tile is damaged") }
                tiles[Place(level: tile.level, index: tile.index, width: HashTile.width)] = tile
            }
        }
        for place in places where place.width < HashTile.width {
            let first = place.index * Int64(HashTile.width)
            let hashes =
                place.level == 0
                ? try await rows(after: first, to: first + Int64(place.width)).map { TreeHash.leaf($0.leaf) }
                : try await roots(place.level - 1, from: first, to: first + Int64(place.width))
            tiles[place] = HashTile(level: place.level, index: place.index, hashes: hashes)
        }
        guard tiles.count == places.count, tiles.allSatisfy({ $0.value.hashes.count == $0.key.width }) else {
            throw Failure.fault("a sealed tile is missing")
        }
        return tiles
    }

    private func roots(_ level: Int, from: Int64, to: Int64) async throws -> [TreeHash] {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(Int16(level))
        parameters.append(from)
        parameters.append(to)
        let rows = try await reader.query(Statement.findRoots, parameters)
        return try (0..<rows.count).compactMap { TreeHash(bytes: try rows.bytes($0, 0)) }
    }

    /// Rows without their boxes, whose hashes stand for them.
    private func rows(after: Int64, to: Int64) async throws -> [StoredEvent] {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(after)
        parameters.append(to)
        let rows = try await reader.query(Statement.findRows, parameters)
        guard Int64(rows.count) == to - after else { throw Failure.fault("a sealed event is missing") }
        return try (0..<rows.count).map { row in
            StoredEvent(
                position: try rows.int64(row, 0), recordedAt: try rows.moment(row, 1), stream: try rows.id(row, 2),
                version: try rows.int32(row, 3), command: try rows.id(row, 4), type: try rows.string(row, 5),
                meta: try rows.bytes(row, 6), data: try rows.bytes(row, 7), secret: nil,
                secretHash: rows.isNull(row, 8) ? nil : try rows.bytes(row, 8))
        }
    }

    /// Makes failures of the database those of a use case.
    private func reading<Answer>(_ body: () async throws -> Answer) async throws(Failure) -> Answer {
        do { return try await body() } catch { throw Failure(error) }
    }
}
