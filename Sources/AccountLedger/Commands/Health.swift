import ArgumentParser
import StrictJSON

/// `health`: whether the service on this machine answers.
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the service on this machine whether it is ready.",
        discussion: """
            Asks LEDGER_HTTP_HOST and LEDGER_HTTP_PORT, or 127.0.0.1 when it listens on all addresses; when neither is \
            set, wherever the `up` of LEDGER_HOME listens. Exits 0 when it is ready, 1 when it is not, 69 when nothing \
            answers.
            """)

    @OptionGroup(title: "Configuration") var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let configuration = try options.load()
        let isConfigured = ["LEDGER_HTTP_HOST", "LEDGER_HTTP_PORT", "LEDGER_PUBLIC_URL"].contains {
            configuration.isSet($0)
        }
        // An `up` may have taken any port.
        let running = isConfigured ? nil : RunningAddress(home: configuration.home).find()
        let url = running ?? configuration.localURL
        let answer = try ServiceClient(url, key: nil).send("GET", "/health/ready", timeoutSeconds: 4)
        let isReady = answer.status == 200
        if json {
            let body = JSONObject(dictionaryLiteral: ("url", .string(url.description)), ("ready", .bool(isReady)))
            Output.line(JSONText.compact(answer.json ?? .object(body)))
        } else {
            Output.line(isReady ? "\(Style.green("ready")) \(url)" : "\(Style.red("not ready")) \(url)")
            if !isReady, let reasons = answer.json?.objectValue { JSONText.facts(reasons).forEach { Output.line($0) } }
        }
        if !json {
            for parked in (answer.json?.objectValue?["parked"]?.arrayValue ?? []).compactMap(\.objectValue) {
                Output.line(
                    "parked by \(JSONText.short(parked["projection"])) at \(JSONText.short(parked["position"])): "
                        + JSONText.short(parked["error"]))
            }
        }
        guard isReady else { throw ExitCode(CommandStatus.failure.rawValue) }
    }
}
