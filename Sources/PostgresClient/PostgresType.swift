/// A PostgreSQL type by its object id, as far as this service binds or reads it.
///
/// The ids of built-in types are fixed for all servers (`pg_type.dat`).
public struct PostgresType: Sendable, Hashable {
    /// The type's object id.
    public let oid: UInt32

    /// Names a type by its object id.
    public init(oid: UInt32) {
        self.oid = oid
    }

    /// `boolean`.
    public static let bool = PostgresType(oid: 16)
    /// `bytea`.
    public static let bytea = PostgresType(oid: 17)
    /// `"char"`, one byte.
    public static let char = PostgresType(oid: 18)
    /// `bigint`.
    public static let int8 = PostgresType(oid: 20)
    /// `smallint`.
    public static let int2 = PostgresType(oid: 21)
    /// `integer`.
    public static let int4 = PostgresType(oid: 23)
    /// `text`.
    public static let text = PostgresType(oid: 25)
    /// `double precision`.
    public static let float8 = PostgresType(oid: 701)
    /// `timestamp with time zone`.
    public static let timestamptz = PostgresType(oid: 1184)
    /// `uuid`.
    public static let uuid = PostgresType(oid: 2950)
    /// `jsonb`.
    public static let jsonb = PostgresType(oid: 3802)

    /// `boolean[]`.
    public static let boolArray = PostgresType(oid: 1000)
    /// `bytea[]`.
    public static let byteaArray = PostgresType(oid: 1001)
    /// `"char"[]`.
    public static let charArray = PostgresType(oid: 1002)
    /// `smallint[]`.
    public static let int2Array = PostgresType(oid: 1005)
    /// `integer[]`.
    public static let int4Array = PostgresType(oid: 1007)
    /// `text[]`.
    public static let textArray = PostgresType(oid: 1009)
    /// `bigint[]`.
    public static let int8Array = PostgresType(oid: 1016)
    /// `timestamp with time zone[]`.
    public static let timestamptzArray = PostgresType(oid: 1185)
    /// `uuid[]`.
    public static let uuidArray = PostgresType(oid: 2951)

    /// Types that travel as plain UTF-8 in binary form: text, name, json, varchar, bpchar, unknown.
    static let textual: Set<UInt32> = [25, 19, 114, 1043, 1042, 705]
}
