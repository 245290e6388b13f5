import ArgumentParser
import StrictJSON

/// `show`: an account with its history.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show an account and its history.",
        discussion: """
            Asks the service at LEDGER_PUBLIC_URL with LEDGER_ROOT_KEY, or beside an `up` the key in LEDGER_HOME.
            """)

    @Argument(help: "The account's id or name.")
    var account: String

    @OptionGroup var client: ClientOptions

    func run() throws {
        let service = try client.client()
        let id = try AccountLookup.find(account, service)
        var view = try service.call("GET", RequestPath.make(["v1", "accounts", id]))
        let last = view["version"]?.integerValue ?? .max
        var events: [JSONValue] = []
        var after: Int64 = 0
        while after < last {
            let page = try service.call(
                "GET", RequestPath.make(["v1", "accounts", id, "events"], [("after", "\(after)"), ("limit", "1000")]))
            let items = page["items"]?.arrayValue ?? []
            guard let newest = items.last?.objectValue?["streamversion"]?.integerValue, newest > after else { break }
            events += items.filter { ($0.objectValue?["streamversion"]?.integerValue ?? 0) <= last }
            after = newest
        }
        if client.json {
            view.set("events", to: .array(events))
            return Output.line(JSONText.compact(.object(view)))
        }
        client.report(view)
        Output.line("")
        for event in events.compactMap(\.objectValue) {
            Output.line(EventLine.text(event))
            if let personal = event["personal"]?.objectValue, !personal.isEmpty {
                Output.line("          " + JSONText.short(.object(personal)))
            }
        }
    }
}
