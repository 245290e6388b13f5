/// The statements of a projection, as templates: `{version}` stands for the suffix of one version's tables.
///
/// Several versions of a read model can stand side by side, so the engine puts the suffix in where it runs a statement.
public struct ProjectionSQL: Sendable {
    /// Makes the tables, without keys and indexes.
    public let schema: String
    /// Makes the primary keys and the other indexes; apart, so that a rebuild can make them after loading.
    public let indexes: String
    /// Reads rows back: `stream_id`, `ordinal`, `version`, `view` of the streams in `$1`.
    public let load: String
    /// Writes the rows of the main table.
    public let upsert: String
    /// Takes every row of the stream `$1` out of every table.
    public let remove: String

    /// The statements, from their files.
    public init(schema: [UInt8], indexes: [UInt8], load: [UInt8], upsert: [UInt8], remove: [UInt8]) {
        self.schema = Self.text(schema)
        self.indexes = Self.text(indexes)
        self.load = Self.text(load)
        self.upsert = Self.text(upsert)
        self.remove = Self.text(remove)
    }

    /// A file's text.
    public static func text(_ file: [UInt8]) -> String { String(decoding: file, as: UTF8.self) }

    /// A template with a suffix in place of every `{version}`.
    public static func text(_ template: String, suffix: String) -> String {
        let marker = Array("{version}".utf8)
        let template = Array(template.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(template.count)
        var place = 0
        while place < template.count {
            if template[place] == marker[0], template[place...].starts(with: marker) {
                bytes.append(contentsOf: suffix.utf8)
                place += marker.count
            } else {
                bytes.append(template[place])
                place += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The names of the tables that the schema makes, with a suffix: `rm.accounts_7`.
    public func tables(suffix: String) -> [String] {
        let words = Self.text(schema, suffix: suffix).split { $0.isWhitespace || $0 == "(" }
        return zip(words, words.dropFirst(2)).enumerated().compactMap { index, pair in
            pair.0 == "CREATE" && words[index + 1] == "TABLE" ? String(pair.1) : nil
        }
    }
}
