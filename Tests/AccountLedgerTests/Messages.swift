import Logging
import Synchronization

/// Keeps the messages that would be printed at the usual level.
struct Messages: LogHandler {
    final class List: Sendable {
        let texts = Mutex<[String]>([])
    }

    let list: List
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { list.texts.withLock { $0.append("\(event.message)") } }
}
