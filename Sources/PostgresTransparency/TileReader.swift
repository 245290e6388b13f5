import PostgresClient
import Transparency

/// Reads full tiles.
enum TileReader {
    /// The tiles of level 0 among those asked for, by their index.
    static func read(
        _ places: [(level: Int, index: Int64)], log: Int16, on connection: PostgresConnection
    ) throws -> [Int64: HashTile] {
        guard !places.isEmpty else { return [:] }
        let rows = try connection.query(Statement.findTiles, parameters(places, log: log))
        var tiles: [Int64: HashTile] = [:]
        for row in 0..<rows.count { if let tile = try rows.tile(row) { tiles[tile.index] = tile } }
        return tiles
    }

    static func parameters(_ places: [(level: Int, index: Int64)], log: Int16) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(array: places.map { Int16($0.level) })
        parameters.append(array: places.map(\.index))
        return parameters
    }
}

extension PostgresRows {
    /// A tile as `find_tiles.sql` gives it; nil when its bytes are none.
    func tile(_ row: Int) throws -> HashTile? {
        HashTile(level: Int(try int16(row, 0)), index: try int64(row, 1), bytes: try bytes(row, 2))
    }
}
