import PostgresClient

/// The statements of this module; each text stands in a file of its own under `Statements/`.
enum Statement {
    static let findSealing = make(PackageResources.find_sealing_sql, [.int2])
    static let findStandbys = make(PackageResources.find_standbys_sql, [.int2, .textArray])
    static let tryLock = make(PackageResources.try_lock_sql, [.int2])
    static let findBadVersion = make(PackageResources.find_bad_version_sql, [.int2, .int8, .uuidArray, .int4Array])
    static let findRoots = make(PackageResources.find_roots_sql, [.int2, .int2, .int8, .int8], isReadOnly: true)
    static let findTiles = make(PackageResources.find_tiles_sql, [.int2, .int2Array, .int8Array], isReadOnly: true)
    static let findRecordedAt = make(PackageResources.find_recorded_at_sql, [.int2, .int8])
    static let insertTiles = make(
        PackageResources.insert_tiles_sql, [.int2, .int2Array, .int8Array, .byteaArray, .byteaArray])
    static let insertCheckpoint = make(PackageResources.insert_checkpoint_sql, [.int2, .int8, .bytea, .text])
    static let insertCosignature = make(PackageResources.insert_cosignature_sql, [.int2, .int8, .text, .text])
    static let findCheckpoint = make(PackageResources.find_checkpoint_sql, [.int2, .int8], isReadOnly: true)
    static let findNewestCheckpoint = make(PackageResources.find_newest_checkpoint_sql, [.int2], isReadOnly: true)
    static let thinCheckpoints = make(PackageResources.thin_checkpoints_sql, [.int2])
    static let findRows = make(PackageResources.find_rows_sql, [.int2, .int8, .int8], isReadOnly: true)

    /// Reads the rows after a position and up to another; COPY takes no parameters.
    static func copyRows(_ log: Int16, after: Int64, to: Int64) -> String {
        String(decoding: PackageResources.copy_rows_sql, as: UTF8.self)
            .replacing("{log}", with: String(log)).replacing("{after}", with: String(after))
            .replacing("{to}", with: String(to))
    }

    private static func make(_ text: [UInt8], _ types: [PostgresType], isReadOnly: Bool = false) -> PostgresStatement {
        PostgresStatement(String(decoding: text, as: UTF8.self), parameterTypes: types, isReadOnly: isReadOnly)
    }
}
