/// The text of every statement of this module; each stands in a file of its own under `Statements/`.
enum Statement {
    static let copyEvents = text(PackageResources.copy_events_sql)
    static let copyVersions = text(PackageResources.copy_versions_sql)
    static let copyBlobs = text(PackageResources.copy_blobs_sql)
    static let copyKeys = text(PackageResources.copy_keys_sql)
    static let copyStreams = text(PackageResources.copy_streams_sql)
    static let overview = text(PackageResources.overview_sql)
    static let countStreams = text(PackageResources.count_streams_sql)
    static let findTiles = text(PackageResources.find_tiles_sql)
    static let findRoots = text(PackageResources.find_roots_sql)
    static let findCheckpoints = text(PackageResources.find_checkpoints_sql)
    static let findNewestCheckpoint = text(PackageResources.find_newest_checkpoint_sql)
    static let findOrphans = text(PackageResources.find_orphans_sql)
    static let findLiving = text(PackageResources.find_living_sql)
    static let findLivingUnkeyed = text(PackageResources.find_living_unkeyed_sql)
    static let findBlobs = text(PackageResources.find_blobs_sql)
    static let findBlobEvent = text(PackageResources.find_blob_event_sql)
    static let findFirstData = text(PackageResources.find_first_data_sql)
    static let findQuotas = text(PackageResources.find_quotas_sql)
    static let findUnfoundedEnds = text(PackageResources.find_unfounded_ends_sql)
    static let findUnkeyedStreams = text(PackageResources.find_unkeyed_streams_sql)
    static let findHead = text(PackageResources.find_head_sql)
    static let findLeaves = text(PackageResources.find_leaves_sql)

    /// COPY takes no parameters: numbers and ids of ours are put into its text.
    static func copy(_ text: String, _ values: [String: String]) -> String {
        values.reduce(text) { text, value in text.replacing(":\(value.key)", with: value.value) }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
