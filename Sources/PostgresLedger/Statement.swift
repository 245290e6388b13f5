/// The text of every statement of this module; each stands in a file of its own under `Statements/`.
enum Statement {
    static let appendBatch = text(PackageResources.append_batch_sql)
    static let loadStream = text(PackageResources.load_stream_sql)
    static let findReservation = text(PackageResources.find_reservation_sql)
    static let tailEvents = text(PackageResources.tail_events_sql)
    static let findHead = text(PackageResources.find_head_sql)
    static let findCommand = text(PackageResources.find_command_sql)
    static let findLastOfCommand = text(PackageResources.find_last_of_command_sql)
    static let findLogTable = text(PackageResources.find_log_table_sql)
    static let findLog = text(PackageResources.find_log_sql)
    static let findEpochs = text(PackageResources.find_epochs_sql)
    static let insertLog = text(PackageResources.insert_log_sql)
    static let insertEpoch = text(PackageResources.insert_epoch_sql)
    static let ensurePartitions = text(PackageResources.ensure_partitions_sql)
    static let settlePartition = text(PackageResources.settle_partition_sql)
    static let findUnsettled = text(PackageResources.find_unsettled_sql)
    static let endBackend = text(PackageResources.end_backend_sql)
    static let storeBlob = text(PackageResources.store_blob_sql)
    static let findBlob = text(PackageResources.find_blob_sql)
    static let takeAttempt = text(PackageResources.take_attempt_sql)
    static let refundAttempt = text(PackageResources.refund_attempt_sql)
    static let sweepAttempts = text(PackageResources.sweep_attempts_sql)
    static let openOrigin = text(PackageResources.open_origin_sql)

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
