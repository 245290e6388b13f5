import PostgresClient

/// The statements of this module; each text stands in a file of its own under `Statements/`.
enum Statement {
    static let findLane = make(PackageResources.find_lane_sql, [.int2])
    static let findHead = make(PackageResources.find_head_sql, [.int2])
    static let startLane = make(PackageResources.start_lane_sql, [.int2])
    static let lockLane = make(PackageResources.lock_lane_sql, [.int2])
    static let noteEvents = make(PackageResources.note_events_sql, [.int2, .int8, .int8, .textArray, .textArray])
    static let moveLane = make(PackageResources.move_lane_sql, [.int2, .int8])
    static let claim = make(PackageResources.claim_sql, [.int2, .textArray, .int4])
    static let findEvent = make(PackageResources.find_event_sql, [.int2, .int8])
    static let settle = make(PackageResources.settle_sql, [.int2, .int8, .text, .text])
    static let postpone = make(PackageResources.postpone_sql, [.int2, .int8, .text, .int8])
    static let sweep = make(PackageResources.sweep_sql, [.int2])

    private static func make(_ text: [UInt8], _ types: [PostgresType]) -> PostgresStatement {
        PostgresStatement(String(decoding: text, as: UTF8.self), parameterTypes: types)
    }
}
