import AccountDomain
public import Logging
public import PostgresClient
import PostgresLedger
public import ProjectionKit

/// The projections that this program ships, and how the database comes to know them.
public enum Projections {
    /// How many lanes a new projection version gets.
    public static let lanes: Int16 = 4

    /// Makes known and gives tables to every projection that the database has no version of, and asks for a rebuild of
    /// every one whose active version an older fold has made.
    ///
    /// Any number of processes may do so at once. Older rows cannot be folded on by newer code, so such a read model
    /// stands still until its rebuild takes its place; a version that a newer fold has made is left alone.
    ///
    /// - Throws: `PostgresError`.
    public static func register(
        _ projections: [any Projection], on connection: PostgresConnection, logger: Logger
    ) throws {
        try connection.transaction { connection in
            try lockRegistration(on: connection)
            for projection in projections { try register(projection, on: connection, logger) }
        }
    }

    /// Lets one process at a time make tables and versions, until its transaction ends, in the role that owns them.
    static func lockRegistration(on connection: PostgresConnection) throws {
        var lock = PostgresParameters()
        lock.append(0 as Int32)
        try connection.query(Statement.lockRegistration, lock)
        try connection.execute(script: "SET LOCAL ROLE ledger_projector")
    }

    private static func register(
        _ projection: any Projection, on connection: PostgresConnection, _ logger: Logger
    ) throws {
        var name = PostgresParameters()
        name.append(projection.name)
        let known = try connection.query(Statement.findVersions, name)
        guard known.count > 0 else { return try make(projection, on: connection, logger) }
        var active: Int32?
        var hasOurs = false
        for row in 0..<known.count {
            let state = try known.string(row, 1)
            let fold = try known.int32(row, 2)
            if state == "active" { active = fold }
            guard fold == projection.version, state == "active" || state == "standby" else { continue }
            hasOurs = true
            // A log that was added later has its lanes too.
            try addLanes(projection.name, try known.int32(row, 0), at: 0, on: connection)
        }
        guard let active, active != projection.version else { return }
        let folds: Logger.Metadata = [
            "projection": "\(projection.name)", "active": "\(active)", "ours": "\(projection.version)",
        ]
        guard active < projection.version else {
            return logger.warning(
                "a newer fold of this projection is active: this program does not feed it", metadata: folds)
        }
        guard !hasOurs else { return }
        var generator = SystemRandomNumberGenerator()
        var request = PostgresParameters()
        request.append(StreamID.random(using: &generator))
        request.append(projection.name)
        request.append(projection.version)
        let asked = try connection.query(Statement.askForRebuild, request)
        if asked.affected > 0 {
            logger.notice("projection is rebuilt: an older fold has made its tables", metadata: folds)
        }
    }

    private static func make(
        _ projection: any Projection, on connection: PostgresConnection, _ logger: Logger
    ) throws {
        let version: Int32 = 1
        let schema = ProjectionSQL.text(projection.sql.schema + "\n" + projection.sql.indexes, suffix: "\(version)")
        try connection.execute(script: schema)
        try add(projection, version, state: "active", builtTo: 0, suffix: "\(version)", on: connection)
        try addLanes(projection.name, version, at: 0, on: connection)
        logger.info("projection made", metadata: ["projection": "\(projection.name)", "version": "\(version)"])
    }

    /// Makes a version known.
    static func add(
        _ projection: any Projection, _ version: Int32, state: String, builtTo: Int64, suffix: String,
        on connection: PostgresConnection
    ) throws {
        var added = PostgresParameters()
        added.append(projection.name)
        added.append(version)
        added.append(state)
        added.append(lanes)
        added.append(projection.version)
        added.append(builtTo)
        added.append(array: projection.sql.tables(suffix: suffix))
        try connection.query(Statement.addProjection, added)
    }

    /// Gives a version its lanes, where it has none.
    static func addLanes(
        _ name: String, _ version: Int32, at position: Int64, on connection: PostgresConnection
    ) throws {
        var added = PostgresParameters()
        added.append(name)
        added.append(version)
        added.append(Int32(lanes))
        added.append(position)
        try connection.query(Statement.addLanes, added)
    }
}
