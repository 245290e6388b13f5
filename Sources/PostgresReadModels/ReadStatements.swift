import PostgresClient
import ProjectionKit

/// The statements of this module; those on a read model's tables are made for the version that answers.
enum ReadStatements {
    /// Statements on the tables of one version of `accounts`.
    struct Accounts: Sendable {
        let findAccount: PostgresStatement
        let findRows: PostgresStatement
        let listAccounts: PostgresStatement
        let listAccountsOfSpace: PostgresStatement
        let listAccountsByEmail: PostgresStatement
        let listAccountsByName: PostgresStatement

        init(_ version: Int32) {
            let listTypes: [PostgresType] = [
                .int8, .int4, .int2, .text, .bool, .bool, .timestamptz, .timestamptz, .uuid, .int8,
            ]
            findAccount = statement(
                PackageResources.find_account_sql, version, [.uuid, .int2, .uuid, .int4, .int8, .int2])
            findRows = statement(PackageResources.find_rows_sql, version, [.uuidArray, .int2])
            listAccounts = statement(PackageResources.list_accounts_sql, version, listTypes)
            listAccountsOfSpace = statement(PackageResources.list_accounts_of_space_sql, version, listTypes)
            listAccountsByEmail = statement(
                PackageResources.list_accounts_by_email_sql, version, listTypes + [.bytea])
            listAccountsByName = statement(PackageResources.list_accounts_by_name_sql, version, listTypes + [.uuid])
        }
    }

    /// Statements on the tables of one version of `identities`.
    struct Identities: Sendable {
        let find: PostgresStatement
        let list: PostgresStatement

        init(_ version: Int32) {
            find = statement(PackageResources.find_identity_sql, version, [.uuid, .int2, .int2])
            list = statement(PackageResources.list_identities_sql, version, [.int8, .int4, .int2, .int8])
        }
    }

    /// Statements on the tables of one version of `spaces`.
    struct Spaces: Sendable {
        let list: PostgresStatement

        init(_ version: Int32) {
            list = statement(PackageResources.list_spaces_sql, version, [.int8, .int4, .int2, .int8])
        }
    }

    /// Statements on the tables of one version of `activations`.
    struct Activations: Sendable {
        let listClosed: PostgresStatement

        init(_ version: Int32) {
            listClosed = statement(PackageResources.list_closed_activations_sql, version, [.timestamptz, .int8])
        }
    }

    static let findActive = statement(PackageResources.find_active_sql, 0, [.text])
    static let countPlaces = statement(PackageResources.count_places_sql, 0, [.int2, .uuid])
    static let findMoved = statement(
        PackageResources.find_moved_sql, 0, [.int2, .uuidArray, .int4Array, .int8Array])
    static let findLag = statement(PackageResources.find_lag_sql, 0, [.int2, .text, .int8, .int4])
    static let listBackups = statement(
        PackageResources.list_backups_sql, 0, [.int2, .uuid, .int8, .int4, .int8])
    static let listProjections = statement(PackageResources.list_projections_sql, 0, [.int2])
    static let listParked = statement(PackageResources.list_parked_sql, 0, [.int2])

    private static let windowTypes: [PostgresType] = [
        .int2, .int8, .int8, .text, .bytea, .timestamptz, .timestamptz, .int4,
    ]
    static let selectEvents = statement(PackageResources.select_events_sql, 0, windowTypes)
    static let selectStreamEvents = statement(PackageResources.select_stream_events_sql, 0, windowTypes + [.uuid])
    static let selectAccountEvents = statement(
        PackageResources.select_account_events_sql, 0, [.int2, .uuid, .int4, .int4, .int8])
    static let findRebuild = statement(PackageResources.find_rebuild_sql, 0, [.uuid])
    static let findRunningRebuild = statement(PackageResources.find_running_rebuild_sql, 0, [.text])
    static let findParked = statement(PackageResources.find_parked_sql, 0, [.int2, .text, .uuid])
    static let findAllParked = statement(PackageResources.find_all_parked_sql, 0, [.int2, .int4])
    static let requestRebuild = PostgresStatement(
        ProjectionSQL.text(PackageResources.request_rebuild_sql),
        parameterTypes: [.uuid, .text, .int8, .int4, .int8])
    static let cancelRebuild = PostgresStatement(
        ProjectionSQL.text(PackageResources.cancel_rebuild_sql), parameterTypes: [.uuid])
    static let retryParked = PostgresStatement(
        ProjectionSQL.text(PackageResources.retry_parked_sql), parameterTypes: [.int2, .text, .uuid])
    static let findVersion = statement(PackageResources.find_version_sql, 0, [.int2, .uuid, .int8])
    static let findEvent = statement(PackageResources.find_event_sql, 0, [.int2, .int8])
    static let findHead = statement(PackageResources.find_head_sql, 0, [.int2])
    static let findPosition = statement(PackageResources.find_position_sql, 0, [.int2, .timestamptz])

    private static func statement(_ file: [UInt8], _ version: Int32, _ types: [PostgresType]) -> PostgresStatement {
        PostgresStatement(
            ProjectionSQL.text(ProjectionSQL.text(file), suffix: "\(version)"), parameterTypes: types, isReadOnly: true)
    }
}
