import PostgresClient

/// The statements of this module; each stands in a file of its own under `Statements/`.
enum Statement {
    static let findLog = statement(PackageResources.find_log_sql, [.int2])
    static let findHead = statement(PackageResources.find_head_sql, [.int2])
    static let readEvents = statement(PackageResources.read_events_sql, [.int2, .int8, .int8])
    static let findBlob = statement(PackageResources.find_blob_sql, [.int2, .uuid, .bytea])
    static let findCheckpoint = statement(PackageResources.find_checkpoint_sql, [.int2, .int8])
    static let fetchEpochs = statement(PackageResources.fetch_epochs_sql, [])
    static let fetchKeys = statement(PackageResources.fetch_keys_sql, [])
    static let fetchReservations = statement(PackageResources.fetch_reservations_sql, [])
    static let fetchQuotas = statement(PackageResources.fetch_quotas_sql, [])

    static let findRows = statement(PackageResources.find_rows_sql, [])
    static let insertLog = change(PackageResources.insert_log_sql, [.int2, .text, .bytea, .timestamptz])
    static let insertBlob = change(PackageResources.insert_blob_sql, [.bytea, .uuid, .int2, .bytea])
    static let insertEpoch = change(
        PackageResources.insert_epoch_sql, [.int4, .bytea, .timestamptz, .timestamptz])
    static let findBrokenStream = statement(PackageResources.find_broken_stream_sql, [.int2])

    static let findOutboxStart = statement(PackageResources.find_outbox_start_sql, [])
    static let startOutbox = change(PackageResources.start_outbox_sql, [.int2])

    static let copyEvents = text(PackageResources.copy_events_sql)
    static let copyKeys = text(PackageResources.copy_keys_sql)
    static let copyReservations = text(PackageResources.copy_reservations_sql)
    static let copyQuotas = text(PackageResources.copy_quotas_sql)

    /// Declares the cursors over what has to belong to one moment, for a log.
    static func openCursors(log: Int16) -> String {
        text(PackageResources.open_cursors_sql).split(separator: "$1", omittingEmptySubsequences: false)
            .joined(separator: "\(log)")
    }

    static let closeCursors = text(PackageResources.close_cursors_sql)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func statement(_ bytes: [UInt8], _ types: [PostgresType]) -> PostgresStatement {
        PostgresStatement(text(bytes), parameterTypes: types, isReadOnly: true)
    }

    private static func change(_ bytes: [UInt8], _ types: [PostgresType]) -> PostgresStatement {
        PostgresStatement(text(bytes), parameterTypes: types)
    }
}
