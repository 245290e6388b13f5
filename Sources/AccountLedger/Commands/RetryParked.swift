import AccountDomain
import ArgumentParser
import StrictJSON

/// `projections retry`: folds a parked stream again.
struct RetryParked: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Fold a parked stream again from its beginning.",
        discussion: "Ends with 1 when the stream is parked still, and says at which event and why.")

    @Argument(help: "The read model's name.")
    var name: String

    @Argument(help: "The stream's id; all that are parked when not given.")
    var stream: String?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let stream, StreamID(stream) == nil { throw ArgumentParser.ValidationError("\(stream) is no id.") }
    }

    func run() throws {
        let service = try client.client()
        var isParked = false
        let streams = try streams(service)
        if streams.isEmpty { Output.writeToStandardError("no stream of \(name) is parked\n") }
        for stream in streams {
            let answer = try service.call(
                "POST", RequestPath.make(["v1", "projections", name, "parked", stream, "retry"]))
            if answer["parked"]?.objectValue != nil { isParked = true }
            if client.json {
                Output.line(JSONText.compact(.object(answer)))
            } else {
                Output.line(Self.line(stream, answer["parked"]?.objectValue))
            }
        }
        if isParked { throw CommandFailure(.failure, "not every stream could be folded") }
    }

    private func streams(_ service: ServiceClient) throws -> [String] {
        if let stream { return [stream] }
        let status = try service.call("GET", RequestPath.make(["v1", "projections", name]))
        return (status["parked"]?.arrayValue ?? []).compactMap { $0.objectValue?["stream"]?.stringValue }
    }

    static func line(_ stream: String, _ parked: JSONObject?) -> String {
        guard let parked else { return "\(stream)\tfolded" }
        let position = parked["position"]?.integerValue ?? 0
        return "\(stream)\tparked at \(position)\t\(printable(parked["error"]?.stringValue ?? ""))"
    }
}
