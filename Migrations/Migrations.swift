/// The schema of the ledger, from an empty database to the present.
public enum Migrations {
    /// Every step, in the order of its number.
    ///
    /// The build makes a constant of each file, with the first digit of the file's name become an underscore.
    public static let all: [Migration] = [
        Migration(number: 1, name: "roles", bytes: PackageResources._001_roles_sql),
        Migration(number: 2, name: "logs", bytes: PackageResources._002_logs_sql),
        Migration(number: 3, name: "epochs", bytes: PackageResources._003_epochs_sql),
        Migration(number: 4, name: "subject_keys", bytes: PackageResources._004_subject_keys_sql),
        Migration(number: 5, name: "events", bytes: PackageResources._005_events_sql),
        Migration(number: 6, name: "append_only", bytes: PackageResources._006_append_only_sql),
        Migration(number: 7, name: "partitions", bytes: PackageResources._007_partitions_sql),
        Migration(number: 8, name: "blobs", bytes: PackageResources._008_blobs_sql),
        Migration(number: 9, name: "reservations", bytes: PackageResources._009_reservations_sql),
        Migration(number: 10, name: "quotas", bytes: PackageResources._010_quotas_sql),
        Migration(number: 11, name: "append_batch", bytes: PackageResources._011_append_batch_sql),
        Migration(number: 12, name: "erasure", bytes: PackageResources._012_erasure_sql),
        Migration(number: 13, name: "transparency", bytes: PackageResources._013_transparency_sql),
        Migration(number: 14, name: "projections", bytes: PackageResources._014_projections_sql),
        Migration(number: 15, name: "outbox", bytes: PackageResources._015_outbox_sql),
        Migration(number: 16, name: "attempts", bytes: PackageResources._016_attempts_sql),
        Migration(number: 17, name: "reading", bytes: PackageResources._017_reading_sql),
        Migration(number: 18, name: "grants", bytes: PackageResources._018_grants_sql),
        Migration(number: 19, name: "outbox_lanes", bytes: PackageResources._019_outbox_lanes_sql),
        Migration(number: 20, name: "rebuild", bytes: PackageResources._020_rebuild_sql),
        Migration(number: 21, name: "origins", bytes: PackageResources._021_origins_sql),
        Migration(number: 22, name: "purging", bytes: PackageResources._022_purging_sql),
        Migration(number: 23, name: "thin_checkpoints", bytes: PackageResources._023_thin_checkpoints_sql),
        Migration(number: 24, name: "cosignatures", bytes: PackageResources._024_cosignatures_sql),
    ]
}
