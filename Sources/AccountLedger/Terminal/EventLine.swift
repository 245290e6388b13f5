import StrictJSON

/// One event of the log as a line for people: position, time, type, stream, actor, door.
enum EventLine {
    /// The line of an event in its form on the wire (docs/native-api.md).
    static func text(_ event: JSONObject, hasColour: Bool = Output.hasColour) -> String {
        let meta = event["meta"]?.stringValue.flatMap { try? JSONReader.read(Array($0.utf8)) }?.objectValue
        let actor = meta?["actor"]?.objectValue
        let kind = actor?["kind"]?.stringValue ?? "-"
        let id = actor?["id"]?.stringValue.map { " " + $0 } ?? ""
        let position = JSONText.short(event["sequence"] ?? event["id"])
        let time = String(JSONText.short(event["time"]).prefix(23))
        return [
            String(repeating: " ", count: max(0, 8 - position.count)) + position,
            Style.dim(time, hasColour: hasColour),
            Style.cyan(padded(JSONText.short(event["type"]), to: 28), hasColour: hasColour),
            JSONText.short(event["subject"]) + " v" + JSONText.short(event["streamversion"]),
            printable(kind + id),
            Style.dim(JSONText.short(meta?["door"]), hasColour: hasColour),
        ].joined(separator: "  ")
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
