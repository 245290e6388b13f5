import AccountDomain
import DoorKit
import Logging
import PostgresLedger
import StrictJSON

/// One line a request, written without the detour over metadata that other lines take: it is the only line of which there
/// are thousands a second.
struct RequestLines: RequestLog {
    private let label: String
    private let output: LogOutput

    /// The lines of a logger's label; nil when the level leaves them out, or when a person watches and the logger itself
    /// shall write them.
    init?(_ label: String, level: Logger.Level, isReadable: Bool, output: LogOutput = .standardError) {
        guard level <= .info, !isReadable else { return nil }
        self.label = label
        self.output = output
    }

    func write(_ request: DoorRequest, status: Int, duration: Duration) {
        var writer = JSONWriter(reservingCapacity: 256)
        writer.beginObject()
        writer.key("time")
        writer.string(Moment.now().description)
        writer.key("level")
        writer.string("info")
        writer.key("logger")
        writer.string(label)
        writer.key("message")
        writer.string("request")
        writer.key("duration_us")
        writer.integer(Int(duration / .microseconds(1)))
        writer.key("method")
        writer.string(request.method.name)
        writer.key("request_id")
        writer.string(request.requestID.description)
        writer.key("route")
        writer.string(request.template)
        writer.key("status")
        writer.integer(status)
        writer.endObject()
        output.write { _ in writer.bytes + [0x0A] }
    }
}
