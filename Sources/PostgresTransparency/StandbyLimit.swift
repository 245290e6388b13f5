import PostgresClient

/// How far the log may be signed, so that no standby that is promoted lacks what was published (docs/transparency.md).
///
/// Asynchronous standbys may lose what was appended last, and after that the log goes on another way: a checkpoint over
/// what was lost would be one of two histories under one name.
struct StandbyLimit {
    private let look: ((PostgresConnection) throws -> StandbySight)?
    private var memory = StandbyMemory()

    /// The limit that the standbys of these names set; without any there is none.
    init(_ names: [String], log: Int16) {
        look = names.isEmpty ? nil : { try StandbySight.look(names, log: log, on: $0) }
    }

    /// One for tests, with standbys as they are told.
    init(_ look: @escaping (PostgresConnection) throws -> StandbySight) { self.look = look }

    /// Whether there are standbys.
    var isSet: Bool { look != nil }

    /// Forgets what was seen, as after the loss of a connection: the next may lead to another server.
    mutating func forget() { memory = StandbyMemory() }

    /// Looks at the standbys.
    ///
    /// - Parameters:
    ///   - size: What is signed already.
    ///   - connection: The sealer's session.
    /// - Returns: The last position that may be signed, and who is in the way when that is not beyond `size`.
    /// - Throws: `PostgresError`.
    mutating func find(
        beyond size: Int64, on connection: PostgresConnection
    ) throws -> (position: Int64, holds: [StandbyHold]) {
        guard let look else { return (.max, []) }
        let sight = try look(connection)
        memory.note(head: sight.head, written: sight.written)
        if let flushed = sight.flushed { memory.settle(flushed: flushed) }
        guard memory.limit <= size, let awaited = memory.awaited else { return (memory.limit, []) }
        return (memory.limit, sight.holds(before: awaited))
    }
}
