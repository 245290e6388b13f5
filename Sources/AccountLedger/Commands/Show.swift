import ArgumentParser
import StrictJSON

/// `show`: an account with its history.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show an account and its history.",
        discussion: """
            With --at it is shown as it was then: after the event at a position of the log, or after the last one \
            recorded at or before a time.

            Asks the service at LEDGER_PUBLIC_URL with LEDGER_ROOT_KEY, or beside an `up` the key in LEDGER_HOME.
            """)

    @Argument(help: "The account's id or name.")
    var account: String

    @Option(help: ArgumentHelp("A position of the log, or a time as in RFC 3339.", valueName: "position|time"))
    var at: String?

    @OptionGroup var client: ClientOptions

    func run() throws {
        let past = AccountPast(try client.client(), account: account)
        let id = try past.find()
        var view = try past.view(of: id, at: at)
        var events: [JSONObject] = []
        try past.events(of: id, after: 0, upTo: view["version"]?.integerValue ?? 0) { events.append($0) }
        if client.json {
            view.set("events", to: .array(events.map { .object($0) }))
            return Output.line(JSONText.compact(.object(view)))
        }
        client.report(view)
        Output.line("")
        for event in events {
            Output.line(EventLine.text(event))
            if let personal = event["personal"]?.objectValue, !personal.isEmpty {
                Output.line("          " + JSONText.short(.object(personal)))
            }
        }
    }
}
