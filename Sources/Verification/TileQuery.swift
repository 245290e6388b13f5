import PostgresClient
import Transparency

/// Reads stored tiles of a level.
enum TileQuery {
    static let tiles = PostgresStatement(
        Statement.findTiles, parameterTypes: [.int2, .int2, .int8, .int8], isReadOnly: true)
    static let roots = PostgresStatement(
        Statement.findRoots, parameterTypes: [.int2, .int2, .int8, .int8], isReadOnly: true)

    static func parameters(_ log: Int16, _ level: Int16, _ first: Int64, _ count: Int64) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(level)
        parameters.append(first)
        parameters.append(first + count)
        return parameters
    }
}

/// Compares a tile above the leaves with the roots that it is made of.
struct UpperTiles {
    private let run: VerificationRun

    init(_ run: VerificationRun) { self.run = run }

    func check(
        level: Int16, index: Int64, _ roots: [TreeHash], on connection: PostgresConnection,
        into findings: inout [Finding]
    ) throws {
        let span = Int64(1) << Int64(HashTile.height * (Int(level) + 1))
        let position = index * span + 1
        let rows = try connection.query(TileQuery.tiles, TileQuery.parameters(run.log, level, index, 1))
        guard rows.count > 0 else {
            if position + span - 1 <= run.sealedSize {
                findings.append(
                    Finding(.tile, position: position, "the tile of level \(level) from here on is missing"))
            }
            return
        }
        guard let tile = HashTile(level: Int(level), index: index, hashes: roots),
            try rows.bytes(0, 1) == tile.bytes, try rows.bytes(0, 2) == tile.root.bytes
        else {
            return findings.append(
                Finding(
                    .tile, position: position,
                    "the stored tile of level \(level) from here on does not follow from the rows"))
        }
    }
}
