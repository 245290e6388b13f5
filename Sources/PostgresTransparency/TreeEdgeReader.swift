import PostgresClient
import Transparency

/// Reads the edge of a tree: the leaves' hashes from the rows themselves, the others as the roots of full tiles.
struct TreeEdgeReader {
    let log: Int16

    /// The edge of the tree over the first `size` events.
    ///
    /// - Throws: ``SealingFault`` when rows or tiles are missing or have no leaf; `PostgresError`.
    func read(size: Int64, on connection: PostgresConnection) throws -> TreeEdge {
        let width = Int64(HashTile.width)
        let tiled = size / width * width
        var reader = RowReader(after: tiled, recordedAt: .min, versions: VersionBook())
        try connection.copyOut(Statement.copyRows(log, after: tiled, to: size)) { row in
            try reader.read(&row, isSealed: true)
        }
        guard reader.position == size else {
            throw SealingFault(.gap, at: reader.position + 1, "position \(reader.position + 1) is missing")
        }
        var levels = [reader.leaves]
        var hashes = size / width
        while hashes > 0 {
            let level = levels.count
            levels.append(try roots(below: level, from: hashes / width * width, to: hashes, on: connection))
            hashes /= width
        }
        let recordedAt = tiled < size ? reader.recordedAt : try self.recordedAt(size, on: connection)
        return TreeEdge(size: size, recordedAt: recordedAt, levels: levels)
    }

    private func roots(
        below level: Int, from: Int64, to: Int64, on connection: PostgresConnection
    ) throws -> [TreeHash] {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(Int16(level - 1))
        parameters.append(from)
        parameters.append(to)
        let rows = try connection.query(Statement.findRoots, parameters)
        let roots = try (0..<rows.count).compactMap { TreeHash(bytes: try rows.bytes($0, 0)) }
        guard roots.count == to - from else {
            throw SealingFault(.changed, at: to, "a tile of level \(level - 1) is missing before \(to)")
        }
        return roots
    }

    private func recordedAt(_ position: Int64, on connection: PostgresConnection) throws -> Int64 {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(position)
        let rows = try connection.query(Statement.findRecordedAt, parameters)
        guard rows.count > 0 else {
            throw SealingFault(.gap, at: position, "position \(position) is missing")
        }
        return try rows.timestampMicroseconds(0, 0)
    }
}
