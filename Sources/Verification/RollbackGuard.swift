public import PostgresClient
import PostgresLedger
public import Transparency

/// Compares the log with a checkpoint that was kept outside the database, by a few tiles and rows (docs/verify.md).
///
/// A database that was restored from an older backup, or that another history took the place of, must not be written
/// to: two histories under one name are proof of misbehaviour.
public struct RollbackGuard: Sendable {
    /// What the comparison came to.
    public enum Verdict: Sendable, Equatable {
        /// The checkpoint is a beginning of the log.
        case extends
        /// The checkpoint belongs to a history that was given up before: the log has another name since.
        case givenUp
        /// The log ends before the checkpoint does.
        case behind(head: Int64)
        /// The log is long enough, but its beginning is another one.
        case diverged
    }

    private let log: Int16

    /// A guard of a log.
    public init(log: Int16 = 0) { self.log = log }

    /// Compares a checkpoint with the log on a session that may read the ledger; blocks.
    ///
    /// - Parameters:
    ///   - checkpoint: what was kept.
    ///   - origin: the log's name today.
    ///   - connection: a session.
    /// - Returns: how the log stands to it.
    /// - Throws: `PostgresError`.
    public func compare(
        _ checkpoint: Checkpoint, origin: String, on connection: PostgresConnection
    ) throws -> Verdict {
        if checkpoint.origin != origin {
            return Origin.isOf(log: origin, checkpoint.origin) ? .givenUp : .diverged
        }
        var parameters = PostgresParameters()
        parameters.append(log)
        let rows = try connection.query(Self.findHead, parameters)
        let head = rows.count > 0 ? try rows.int64(0, 0) : 0
        if head < checkpoint.size { return .behind(head: head) }
        var frontier = MerkleFrontier()
        for node in MerkleFrontier.nodes(ofSize: checkpoint.size) {
            frontier.append(subtree: try hash(of: node, on: connection), level: node.level)
        }
        return frontier.root == checkpoint.root ? .extends : .diverged
    }

    /// The hash of a complete subtree: the root of a stored tile where there is one, else made of those below, of rows at last.
    private func hash(of node: TreeNode, on connection: PostgresConnection) throws -> TreeHash {
        if node.level >= HashTile.height, node.level % HashTile.height == 0 {
            let level = Int16(node.level / HashTile.height - 1)
            let rows = try connection.query(TileQuery.roots, TileQuery.parameters(log, level, node.index, 1))
            if rows.count > 0, let root = TreeHash(bytes: try rows.bytes(0, 1)) { return root }
        }
        guard node.level > HashTile.height else { return try rootOfRows(node.leaves, on: connection) }
        let left = TreeNode(level: node.level - 1, index: node.index * 2)
        let right = TreeNode(level: node.level - 1, index: node.index * 2 + 1)
        return TreeHash.node(try hash(of: left, on: connection), try hash(of: right, on: connection))
    }

    private func rootOfRows(_ leaves: Range<Int64>, on connection: PostgresConnection) throws -> TreeHash {
        var parameters = PostgresParameters()
        parameters.append(log)
        parameters.append(leaves.lowerBound + 1)
        parameters.append(leaves.upperBound)
        let rows = try connection.query(Self.findLeaves, parameters)
        var frontier = MerkleFrontier()
        for row in 0..<rows.count {
            guard let hash = TreeHash(bytes: try rows.bytes(row, 0)) else { continue }
            frontier.append(hash)
        }
        return frontier.root
    }

    private static let findHead = PostgresStatement(Statement.findHead, parameterTypes: [.int2], isReadOnly: true)
    private static let findLeaves = PostgresStatement(
        Statement.findLeaves, parameterTypes: [.int2, .int8, .int8], isReadOnly: true)
}
