import ArgumentParser
import StrictJSON

/// `projections`: how far the read models are.
struct ProjectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projections", abstract: "Show state and lag of the read models.",
        discussion: "Parked streams are listed below, with position and reason; `retry` folds one again.",
        subcommands: [RetryParked.self])

    @OptionGroup var client: ClientOptions

    func run() throws {
        let page = try client.client().call("GET", "/v1/projections")
        if client.json { return Output.line(JSONText.compact(.object(page))) }
        var table = Table(["NAME", "VERSION", "STATE", "LANES", "POSITION", "LAG", "SECONDS", "PARKED"])
        for item in page["items"]?.arrayValue ?? page["projections"]?.arrayValue ?? [] {
            guard let item = item.objectValue else { continue }
            let parked = item["parked"]?.arrayValue.map { "\($0.count)" } ?? JSONText.short(item["parked"])
            table.append(
                ["name", "version", "state", "lanes", "position", "lag_events", "lag_seconds"].map {
                    JSONText.short(item[$0])
                } + [parked])
        }
        table.print()
        for item in page["items"]?.arrayValue ?? [] {
            for parked in item.objectValue?["parked"]?.arrayValue ?? [] {
                let stream = parked.objectValue?["stream"]?.stringValue ?? ""
                let name = item.objectValue?["name"]?.stringValue ?? ""
                Output.writeToStandardError("\(printable(name))\t\(RetryParked.line(stream, parked.objectValue))\n")
            }
        }
    }
}
