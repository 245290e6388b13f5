/// A statement with its parameter types, prepared once per connection when it is first used there.
///
/// Make one per text and keep it (`static let`): the hash over the text is taken here, once.
public struct PostgresStatement: Sendable, Hashable {
    /// Shared by all copies, so that comparing usually ends at the identity.
    private final class Text: Sendable {
        let sql: String
        let parameterTypes: [PostgresType]
        let hash: Int
        let isReadOnly: Bool

        init(sql: String, parameterTypes: [PostgresType], isReadOnly: Bool) {
            self.sql = sql
            self.parameterTypes = parameterTypes
            self.isReadOnly = isReadOnly
            var hasher = Hasher()
            hasher.combine(sql)
            hasher.combine(parameterTypes)
            hash = hasher.finalize()
        }
    }

    private let text: Text

    /// Describes a statement; nothing is sent.
    ///
    /// - Parameters:
    ///   - sql: One statement, with `$1`, `$2`, … for its parameters.
    ///   - parameterTypes: The types of the parameters in their order.
    ///   - isReadOnly: Whether it changes nothing. A pipeline lets neighbouring read-only statements share one
    ///     synchronisation point, which saves a round of system calls on both sides for each; should one of them fail,
    ///     the ones behind it are sent again.
    public init(_ sql: String, parameterTypes: [PostgresType] = [], isReadOnly: Bool = false) {
        text = Text(sql: sql, parameterTypes: parameterTypes, isReadOnly: isReadOnly)
    }

    /// The statement's text.
    public var sql: String { text.sql }
    /// The types of the parameters in their order.
    public var parameterTypes: [PostgresType] { text.parameterTypes }
    /// Whether it changes nothing.
    public var isReadOnly: Bool { text.isReadOnly }

    /// Whether both have the same text and types.
    public static func == (left: PostgresStatement, right: PostgresStatement) -> Bool {
        left.text === right.text
            || (left.text.hash == right.text.hash && left.sql == right.sql
                && left.parameterTypes == right.parameterTypes && left.isReadOnly == right.isReadOnly)
    }

    /// Feeds the hash taken at the start.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(text.hash)
    }
}
