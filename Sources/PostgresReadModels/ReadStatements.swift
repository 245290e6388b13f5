import AccountsProjection
import IdentitiesProjection
import PostgresClient
import ProjectionKit
import SpacesProjection

/// The statements of this module, with the versions of the read models that this program folds.
enum ReadStatements {
    static let accounts: Int32 = 1
    static let identities: Int32 = 1
    static let spaces: Int32 = 1

    static let findAccount = statement(
        PackageResources.find_account_sql, accounts, [.uuid, .int2, .uuid, .int4, .int8, .int2])
    static let findRows = statement(PackageResources.find_rows_sql, accounts, [.uuidArray, .int2])
    static let findIdentity = statement(PackageResources.find_identity_sql, identities, [.uuid, .int2, .int2])
    static let countPlaces = statement(PackageResources.count_places_sql, 0, [.int2, .uuid])
    static let findMoved = statement(
        PackageResources.find_moved_sql, 0, [.int2, .uuidArray, .int4Array, .int8Array])
    static let findLag = statement(PackageResources.find_lag_sql, 0, [.int2, .text, .int8])

    private static let listTypes: [PostgresType] = [
        .int8, .int4, .int2, .text, .bool, .bool, .timestamptz, .timestamptz, .uuid, .int8,
    ]
    static let listAccounts = statement(PackageResources.list_accounts_sql, accounts, listTypes)
    static let listAccountsOfSpace = statement(PackageResources.list_accounts_of_space_sql, accounts, listTypes)
    static let listAccountsByEmail = statement(
        PackageResources.list_accounts_by_email_sql, accounts, listTypes + [.bytea])
    static let listAccountsByName = statement(
        PackageResources.list_accounts_by_name_sql, accounts, listTypes + [.uuid])
    static let listIdentities = statement(
        PackageResources.list_identities_sql, identities, [.int8, .int4, .int2, .int8])
    static let listSpaces = statement(PackageResources.list_spaces_sql, spaces, [.int8, .int4, .int2, .int8])
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
    static let findVersion = statement(PackageResources.find_version_sql, 0, [.int2, .uuid, .int8])
    static let findEvent = statement(PackageResources.find_event_sql, 0, [.int2, .int8])
    static let findHead = statement(PackageResources.find_head_sql, 0, [.int2])
    static let findPosition = statement(PackageResources.find_position_sql, 0, [.int2, .timestamptz])

    private static func statement(_ file: [UInt8], _ version: Int32, _ types: [PostgresType]) -> PostgresStatement {
        PostgresStatement(
            ProjectionSQL.text(file, version: version), parameterTypes: types, isReadOnly: true)
    }
}
