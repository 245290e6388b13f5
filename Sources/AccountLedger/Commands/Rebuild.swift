import AccountDomain
import ArgumentParser
import StrictJSON

/// `rebuild`: read models made anew from the log, while the service answers.
struct Rebuild: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make read models anew from the log.",
        discussion: """
            Asks the service at LEDGER_PUBLIC_URL with LEDGER_ROOT_KEY, or beside an `up` the key in LEDGER_HOME; any \
            `project` process or the `up` does the work, and the old version answers until the new one is level. \
            Ending this command ends nothing: the same command follows the rebuild that is under way. --at makes a \
            version as of a moment of the past, beside the one that answers, for people to look at with psql: tables \
            rm.<table>_at_<position>, dropped after a day or with --cancel.
            """)

    @Argument(help: ArgumentHelp("The read model's name.", valueName: "name"))
    var name: String?

    @Flag(help: "Every read model, one after the other.")
    var all = false

    @Option(help: ArgumentHelp("Threads; the cores of the machine when not given.", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Memory in MiB; LEDGER_REBUILD_MEMORY when not given.", valueName: "MB"))
    var memory: Int?

    @Option(help: ArgumentHelp("A position or RFC 3339 time of the past.", valueName: "position|time"))
    var at: String?

    @Option(help: ArgumentHelp("End this rebuild, or give its scratch version back.", valueName: "rebuild"))
    var cancel: String?

    @Flag(help: "Do not wait for the end.")
    var detach = false

    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard [name != nil, all, cancel != nil].filter({ $0 }).count == 1 else {
            throw ArgumentParser.ValidationError("Give the name of a read model, or --all, or --cancel.")
        }
        if let jobs, !(1...256).contains(jobs) { throw ArgumentParser.ValidationError("--jobs is 1 to 256.") }
        if let memory, memory < 1 { throw ArgumentParser.ValidationError("--memory is 1 or more.") }
        if let at, Int64(at) == nil, Moment(rfc3339: at) == nil {
            throw ArgumentParser.ValidationError("--at is a position, or a time such as 2026-01-31T12:00:00Z.")
        }
    }

    func run() throws {
        let service = try client.client()
        if let cancel {
            let answer = try service.send("DELETE", RequestPath.make(["v1", "rebuilds", cancel]))
            guard answer.isSuccess else { throw ServiceClient.failure(answer) }
            return
        }
        for name in try names(service) {
            let id = try request(name, service)
            if detach {
                Output.line(client.json ? #"{"id":"\#(id)","projection":"\#(name)"}"# : "\(name)\t\(id)")
            } else {
                try follow(name, id, service)
            }
        }
    }

    private func names(_ service: ServiceClient) throws -> [String] {
        if let name { return [name] }
        let page = try service.call("GET", "/v1/projections?limit=1000")
        let active = (page["items"]?.arrayValue ?? []).compactMap(\.objectValue)
            .filter { $0["state"]?.stringValue == "active" }
        return active.compactMap { $0["name"]?.stringValue }
    }

    /// Asks for a rebuild, or finds the one that is under way.
    private func request(_ name: String, _ service: ServiceClient) throws -> String {
        var body = JSONObject()
        if let jobs { body.append("jobs", .integer(Int64(jobs))) }
        if let memory { body.append("memory_mb", .integer(Int64(memory))) }
        if let at { body.append("at", Int64(at).map { .integer($0) } ?? .string(at)) }
        let answer = try service.send("POST", RequestPath.make(["v1", "projections", name, "rebuild"]), body)
        if let id = answer.json?.objectValue?["id"]?.stringValue, answer.isSuccess { return id }
        if answer.status == 409, at == nil, let id = answer.location?.split(separator: "/").last {
            Output.writeToStandardError("a rebuild of \(printable(name)) is under way already: following it\n")
            return String(id)
        }
        if answer.status == 404 {
            throw CommandFailure(.failure, "there is no read model named \(printable(name))")
        }
        throw ServiceClient.failure(answer)
    }

    private func follow(_ name: String, _ id: String, _ service: ServiceClient) throws {
        let line = ProgressLine(name, unit: "events")
        while true {
            let status = try service.call("GET", RequestPath.make(["v1", "rebuilds", id]))
            let state = status["state"]?.stringValue ?? ""
            line.show(
                status["done"]?.integerValue ?? 0, of: status["total"]?.integerValue ?? 0,
                rate: status["rate"]?.integerValue, secondsLeft: status["eta_seconds"]?.integerValue)
            guard state == "requested" || state == "running" else {
                line.end()
                if client.json { Output.line(JSONText.compact(.object(status))) }
                guard state == "finished" else {
                    let reason = status["error"]?.stringValue ?? "it was \(state)"
                    throw CommandFailure(
                        .failure, "the rebuild of \(printable(name)) did not finish: \(printable(reason))")
                }
                if !client.json { Output.line(summary(name, status)) }
                return
            }
            Pause.milliseconds(300)
        }
    }

    private func summary(_ name: String, _ status: JSONObject) -> String {
        if let position = status["position"]?.integerValue {
            return "\(name)\tas of position \(position): tables rm.*_at_\(position)"
        }
        let count = status["total"]?.integerValue ?? 0
        return "\(name)\tversion \(status["version"]?.integerValue ?? 0) answers, from \(count) events"
    }
}
