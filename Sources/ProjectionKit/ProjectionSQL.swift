/// The statements of a projection, with its version put in place of `{version}`.
public struct ProjectionSQL: Sendable {
    /// Makes the tables, with their primary keys.
    public let schema: String
    /// Makes the other indexes; apart, so that a rebuild can make them after loading.
    public let indexes: String
    /// Reads rows back: `stream_id`, `ordinal`, `version`, `view` of the streams in `$1`.
    public let load: String
    /// Writes the rows of the main table.
    public let upsert: String
    /// Takes every row of the stream `$1` out of every table.
    public let remove: String

    /// The statements of a version, from files with the placeholder.
    public init(
        version: Int32, schema: [UInt8], indexes: [UInt8], load: [UInt8], upsert: [UInt8], remove: [UInt8]
    ) {
        self.schema = Self.text(schema, version: version)
        self.indexes = Self.text(indexes, version: version)
        self.load = Self.text(load, version: version)
        self.upsert = Self.text(upsert, version: version)
        self.remove = Self.text(remove, version: version)
    }

    /// A file's text with the version in place of every `{version}`.
    public static func text(_ file: [UInt8], version: Int32) -> String {
        let marker = Array("{version}".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(file.count)
        var place = 0
        while place < file.count {
            if file[place] == marker[0], file[place...].starts(with: marker) {
                bytes.append(contentsOf: String(version).utf8)
                place += marker.count
            } else {
                bytes.append(file[place])
                place += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
