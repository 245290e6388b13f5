import AccountDomain
import Glibc
import Logging
import PostgresLedger
import StrictJSON

/// One event a line: JSON for machines, readable when a person watches.
///
/// Messages are constants and what varies is metadata; nothing that a client typed and no secret is ever given to it.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let label: String
    private let isReadable: Bool
    private let output: LogOutput

    init(label: String, level: Logger.Level, isReadable: Bool, output: LogOutput = .standardError) {
        self.label = label
        logLevel = level
        self.isReadable = isReadable
        self.output = output
    }

    /// The logger of a server process.
    static func logger(_ label: String, level: Logger.Level) -> Logger {
        let isReadable = isatty(STDERR_FILENO) == 1
        return Logger(label: label) { LineLogHandler(label: $0, level: level, isReadable: isReadable) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        let pairs = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        output.write { dropped in
            let pairs = dropped > 0 ? pairs + [("dropped_lines", "\(dropped)")] : pairs
            return isReadable ? readable(event, pairs) : json(event, pairs)
        }
    }

    private func json(_ event: LogEvent, _ pairs: [(String, String)]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        let head = [
            ("time", Moment.now().description), ("level", event.level.rawValue), ("logger", label),
            ("message", "\(event.message)"),
        ]
        let names = Set(head.map(\.0))
        for (key, value) in head + pairs.filter({ !names.contains($0.0) }) {
            writer.key(key)
            writer.string(value)
        }
        writer.endObject()
        return writer.bytes + [0x0A]
    }

    private func readable(_ event: LogEvent, _ pairs: [(String, String)]) -> [UInt8] {
        let style: Style? =
            switch event.level {
            case .trace, .debug: .dim
            case .info: nil
            case .notice: .cyan
            case .warning: .yellow
            case .error, .critical: .red
            }
        let time = Moment.now().description.dropFirst(11).prefix(12)
        let level = event.level.rawValue.uppercased()
        let padded = level + String(repeating: " ", count: max(0, 8 - level.count))
        var line = "\(time) \(style?(padded) ?? padded) \(printable("\(event.message)"))"
        for (key, value) in pairs { line += " " + Style.dim("\(key)=") + printable(value) }
        return Array(line.utf8) + [0x0A]
    }
}
