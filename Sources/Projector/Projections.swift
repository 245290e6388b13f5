public import Logging
public import PostgresClient
public import ProjectionKit

/// The projections that this program ships, and how the database comes to know them.
public enum Projections {
    /// How many lanes a new projection version gets.
    public static let lanes: Int16 = 4

    /// Makes known and gives tables to every projection that the database has no version of.
    ///
    /// Any number of processes may do so at once. A projection whose active version is another one is left alone: older
    /// rows cannot be folded on by newer code, so its read model stands still until it is rebuilt.
    ///
    /// - Throws: `PostgresError`.
    public static func register(
        _ projections: [any Projection], on connection: PostgresConnection, logger: Logger
    ) throws {
        try connection.transaction { connection in
            var lock = PostgresParameters()
            lock.append(0 as Int32)
            try connection.query(Statement.lockRegistration, lock)
            try connection.execute(script: "SET LOCAL ROLE ledger_projector")
            for projection in projections { try register(projection, on: connection, logger) }
        }
    }

    private static func register(
        _ projection: any Projection, on connection: PostgresConnection, _ logger: Logger
    ) throws {
        var name = PostgresParameters()
        name.append(projection.name)
        let known = try connection.query(Statement.findVersions, name)
        var isRunnable = false
        var active: Int32?
        for row in 0..<known.count {
            let version = try known.int32(row, 0)
            let state = try known.string(row, 1)
            if state == "active" { active = version }
            if version == projection.version, state == "active" || state == "standby" { isRunnable = true }
        }
        if known.count == 0 {
            try connection.execute(script: projection.sql.schema + "\n" + projection.sql.indexes)
            var added = name
            added.append(projection.version)
            added.append(lanes)
            try connection.query(Statement.addProjection, added)
            isRunnable = true
            logger.info(
                "projection made",
                metadata: ["projection": "\(projection.name)", "version": "\(projection.version)"])
        }
        if isRunnable {
            var missing = name
            missing.append(projection.version)
            missing.append(Int32(lanes))
            try connection.query(Statement.addLanes, missing)
        }
        if let active, active != projection.version {
            logger.warning(
                active < projection.version
                    ? "projection needs a rebuild: its read model stands still until then"
                    : "a newer version of this projection is active: this program does not feed it",
                metadata: [
                    "projection": "\(projection.name)", "active": "\(active)", "ours": "\(projection.version)",
                ])
        }
    }
}
