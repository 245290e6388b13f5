import AccountDomain
import ArgumentParser
import StrictJSON

/// `replay`: the log, in order, as lines for people or programs.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the events of the log, filtered, follow it, export it, or check an export.",
        discussion: """
            Prints a line per event: position, time, type, stream and version, actor, door. --json prints each event as \
            a line of JSON (CloudEvents). Asks the service at LEDGER_PUBLIC_URL with LEDGER_ROOT_KEY, or beside an `up` \
            the key in LEDGER_HOME. With --follow a lost connection is made anew, without a gap or a repeat.

            --export writes the whole log with its blobs, wrapped keys and a closing checkpoint; a file that holds a \
            part of it, or an older export, is gone on with. What people typed is sealed in it: it opens with the keys \
            alone (`keys export`). --from-file asks no service: it checks every line of an export, and the checkpoint \
            that closes it against --verifier-key, and prints its events.
            """)

    @Option(help: "Begin behind this position.")
    var after: Int64 = 0

    @Option(help: "Only this stream.")
    var stream: String?

    @Option(help: "Only this stored type, such as backup.replaced.v1.")
    var type: String?

    @Option(help: "Only what came through this door.")
    var door: String?

    @Option(help: "Only what was recorded at or after this RFC 3339 time.")
    var from: String?

    @Option(help: "Only what was recorded before this RFC 3339 time.")
    var to: String?

    @Option(help: "End after so many events.")
    var limit: Int?

    @Flag(help: "Go on with what is appended from now on.")
    var follow = false

    @Flag(help: "Print NDJSON; the same as --json.")
    var ndjson = false

    @Option(help: ArgumentHelp("Export to this file, or - for standard output.", valueName: "file"))
    var export: String?

    @Option(help: ArgumentHelp("Check this export and print its events; - for standard input.", valueName: "file"))
    var fromFile: String?

    @Option(help: ArgumentHelp("With --from-file: the log's public key, or a file with it.", valueName: "key"))
    var verifierKey: String?

    @Option(help: ArgumentHelp("With --from-file: a checkpoint kept elsewhere that must fit.", valueName: "file"))
    var checkpoint: String?

    @Flag(help: "With --from-file: print no events.")
    var quiet = false

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if export != nil, fromFile != nil || follow || hasFilter {
            throw ArgumentParser.ValidationError("--export takes the whole log: no filter, --follow or --from-file.")
        }
        if fromFile != nil, follow { throw ArgumentParser.ValidationError("A file cannot be followed.") }
        if fromFile == nil, verifierKey != nil || checkpoint != nil || quiet {
            throw ArgumentParser.ValidationError("--verifier-key, --checkpoint and --quiet are for --from-file.")
        }
        if let export, export != "-", after > 0 {
            throw ArgumentParser.ValidationError("--after is for --export -; a file says itself where it ends.")
        }
        guard after >= 0 else { throw ArgumentParser.ValidationError("--after is a position, 0 or more.") }
        if let limit, limit < 1 { throw ArgumentParser.ValidationError("--limit is 1 or more.") }
        for time in [from, to].compactMap(\.self) where Moment(rfc3339: time) == nil {
            throw ArgumentParser.ValidationError("\(time) is not an RFC 3339 time such as 2026-01-31T12:00:00Z.")
        }
    }

    private var hasFilter: Bool {
        stream != nil || type != nil || door != nil || from != nil || to != nil || limit != nil
    }

    func run() throws {
        if let fromFile { return try check(fromFile) }
        if let export { return try LogDownload(service: try client.client(), path: export).run(after: after) }
        let service = try client.client()
        var printer = Printer(isJSON: client.json || ndjson, position: after, left: limit ?? .max)
        if follow {
            try self.follow(service, &printer)
        } else {
            try service.lines(
                path(after), accept: "application/x-ndjson", timeoutSeconds: 60
            ) { line throws(CommandFailure) in
                if !line.isEmpty { try printer.print(line) }
                return printer.left > 0
            }
        }
    }

    /// Prints what an export holds, once each line was found to be in order.
    private func check(_ path: String) throws {
        let inspection = try ExportInspection(verifierKey: verifierKey, checkpoint: checkpoint)
        var filter = EventFilter(after: after, stream: stream, type: type, door: door, from: from, to: to)
        var printer = Printer(isJSON: client.json || ndjson, position: after, left: quiet ? 0 : limit ?? .max)
        try inspection.run(path) { event, origin throws(CommandFailure) in
            guard printer.left > 0, filter.takes(event) else { return }
            try printer.print(filter.text(event, origin: origin))
        }
    }

    /// Reads server-sent events; their comment lines come every 15 seconds, so a longer silence is a lost connection.
    private func follow(_ service: ServiceClient, _ printer: inout Printer) throws(CommandFailure) {
        var hasAnswered = false
        while printer.left > 0 {
            do throws(CommandFailure) {
                var data: [UInt8] = []
                try service.lines(
                    path(printer.position), accept: "text/event-stream", timeoutSeconds: 45
                ) { line throws(CommandFailure) in
                    hasAnswered = true
                    if line.isEmpty {
                        if !data.isEmpty { try printer.print(data) }
                        data = []
                    } else if line.starts(with: "data:".utf8) {
                        let value = line.dropFirst(5)
                        data += value.first == 0x20 ? value.dropFirst() : value
                    }
                    return printer.left > 0
                }
            } catch {
                guard error.status == .unavailable, hasAnswered else { throw error }
                Output.writeToStandardError("account-ledger: \(error); connecting again\n")
            }
            if printer.left > 0 { Pause.seconds(1) }
        }
    }

    private func path(_ after: Int64) -> String {
        RequestPath.make(
            ["v1", "events"],
            [("after", "\(after)"), ("stream", stream), ("type", type), ("door", door), ("from", from), ("to", to)])
    }

    private struct Printer {
        let isJSON: Bool
        var position: Int64
        var left: Int

        mutating func print(_ line: [UInt8]) throws(CommandFailure) {
            guard let event = (try? JSONReader.read(line))?.objectValue else {
                throw CommandFailure(.failure, "the service sent something else than an event")
            }
            let place = event["sequence"] ?? event["id"]
            // A stream's last event of its own has no place, and what was printed is not printed again.
            guard let number = place?.integerValue ?? place?.stringValue.flatMap({ Int64($0) }), number > position
            else { return }
            position = number
            left -= 1
            if isJSON { Output.write(line + [0x0A]) } else { Output.line(EventLine.text(event)) }
        }
    }
}
