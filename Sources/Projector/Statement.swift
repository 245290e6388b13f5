import PostgresClient

/// The statements of this module; each text stands in a file of its own under `Statements/`.
enum Statement {
    static let findLanes = make(PackageResources.find_lanes_sql, [.int2])
    static let findHead = make(PackageResources.find_head_sql, [.int2])
    static let findBusyLanes = make(PackageResources.find_busy_lanes_sql, [.int2, .int8, .int8])
    static let lockLane = make(PackageResources.lock_lane_sql, [.int2, .int2, .int2])
    static let readLane = make(PackageResources.read_lane_sql, [.int2, .int8, .int8, .uuid, .uuid, .int4])
    static let readStream = make(PackageResources.read_stream_sql, [.int2, .uuid, .int4, .int8, .int4])
    static let findKeys = make(PackageResources.find_keys_sql, [.int2, .uuidArray])
    static let findParked = make(PackageResources.find_parked_sql, [.int2, .int2, .int2])
    static let park = make(
        PackageResources.park_sql,
        [.int2, .int2, .textArray, .int4Array, .uuidArray, .int8Array, .textArray, .textArray])
    static let unpark = make(PackageResources.unpark_sql, [.text, .int4, .int2, .uuid])
    static let askForRetry = make(PackageResources.ask_for_retry_sql, [.int2, .textArray, .int4Array, .uuidArray])
    static let moveLane = make(PackageResources.move_lane_sql, [.int2, .int2, .int8, .textArray, .int4Array])
    static let advanceIdleLanes = make(
        PackageResources.advance_idle_lanes_sql, [.int2, .textArray, .int4Array, .int2Array, .int8Array, .int8Array])
    static let findVersions = make(PackageResources.find_versions_sql, [.text])
    static let lockRegistration = make(PackageResources.lock_registration_sql, [.int4])
    static let addProjection = make(
        PackageResources.add_projection_sql, [.text, .int4, .text, .int2, .int4, .int8, .textArray])
    static let askForRebuild = make(PackageResources.ask_for_rebuild_sql, [.uuid, .text, .int4])
    static let addLanes = make(PackageResources.add_lanes_sql, [.text, .int4, .int4, .int8])

    // Rebuilds.
    static let takeRebuild = make(PackageResources.take_rebuild_sql, [.uuid, .int4, .textArray, .int4Array])
    static let endSessions = make(PackageResources.end_sessions_sql, [.text])
    static let beatRebuild = make(PackageResources.beat_rebuild_sql, [.uuid, .uuid, .int8, .float8])
    static let guardRebuild = make(PackageResources.guard_rebuild_sql, [.uuid, .uuid])
    static let releaseRebuild = make(PackageResources.release_rebuild_sql, [.uuid, .uuid])
    static let beginRebuild = make(PackageResources.begin_rebuild_sql, [.uuid, .uuid, .int4, .int8])
    static let endRebuild = make(PackageResources.end_rebuild_sql, [.uuid, .uuid, .text, .text])
    static let nextVersion = make(PackageResources.next_version_sql, [.text])
    static let findRanges = make(PackageResources.find_ranges_sql, [.uuid])
    static let addRange = make(PackageResources.add_range_sql, [.uuid, .uuid, .uuid, .int8, .int8])
    static let setBuilt = make(PackageResources.set_built_sql, [.text, .int4, .text, .int8])
    static let findActive = make(PackageResources.find_active_sql, [.text])
    static let compareLanes = make(PackageResources.compare_lanes_sql, [.text, .int4, .int4])
    static let lockBoth = make(PackageResources.lock_both_sql, [.text, .int4, .int4])
    static let retireActive = make(PackageResources.retire_active_sql, [.text])
    static let activate = make(PackageResources.activate_sql, [.text, .int4])
    static let findDroppable = make(PackageResources.find_droppable_sql, [.int4])
    static let dropVersion = make(PackageResources.drop_version_sql, [.text, .int4])

    /// A statement on the table of a version, whose name is of our own making.
    static func onTable(
        _ text: [UInt8], _ table: String, condition: String = "true", _ types: [PostgresType]
    ) -> PostgresStatement {
        PostgresStatement(
            String(decoding: text, as: UTF8.self).replacing("{table}", with: table)
                .replacing("{condition}", with: condition), parameterTypes: types)
    }

    /// The reading of a range without some types, whose names are of our own making.
    ///
    /// They stand in the text: the server looks for a name in a list that it knows beforehand by its hash.
    static func readRange(ignoring types: [String]) -> PostgresStatement {
        PostgresStatement(
            String(decoding: PackageResources.read_range_sql, as: UTF8.self)
                .replacing("{types}", with: types.joined(separator: ",")),
            parameterTypes: [.int2, .int8, .int8, .uuid, .uuid, .int4])
    }

    private static func make(_ text: [UInt8], _ types: [PostgresType]) -> PostgresStatement {
        PostgresStatement(String(decoding: text, as: UTF8.self), parameterTypes: types)
    }
}
