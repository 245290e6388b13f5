import AccountDomain
import StrictJSON
import Verification

/// What `verify` prints.
enum VerificationOutput {
    static func printText(_ report: VerificationReport) {
        for line in findings(report) { Output.line(line) }
        let rate = report.seconds > 0 ? Int(Double(report.events) / report.seconds) : 0
        var facts = ["\(report.events) events from position \(report.from)"]
        if let streams = report.streams { facts.append("\(streams) streams") }
        facts.append("\(report.checkpoints) checkpoints")
        if report.blobs > 0 { facts.append("\(report.blobs) blobs") }
        if report.boxes > 0 { facts.append("\(report.boxes) boxes") }
        Output.line("looked at \(facts.joined(separator: ", ")) in \(seconds(report.seconds)) s (\(rate) events/s)")
        for omission in report.omissions { Output.line("\(Style.yellow("left out")) \(omission)") }
        let unsealed = report.head - report.sealedSize
        if report.isSound {
            Output.line(
                "\(Style.green("sound")) \(report.origin), \(report.head) events"
                    + (unsealed > 0 ? ", the last \(unsealed) not sealed" : ""))
            if let root = report.root { Output.line("root \(root)") }
        } else {
            let first = report.findings.first?.position.map { "; the first bad position is \($0)" } ?? ""
            Output.line("\(Style.red("not sound")) \(report.origin), \(report.head) events\(first)")
            if report.isCutShort { Output.line("what comes behind it was not judged") }
        }
    }

    /// What is wrong, a line each.
    static func findings(_ report: VerificationReport, hasColour: Bool = Output.hasColour) -> [String] {
        let bad = Style.red("bad", hasColour: hasColour)
        let lines = report.findings.prefix(shown).map { "\(bad) \(printable($0.description))" }
        return report.findings.count > shown ? lines + ["… and \(report.findings.count - shown) more"] : lines
    }

    static func printJSON(_ report: VerificationReport) {
        var object: JSONObject = [
            "sound": .bool(report.isSound), "origin": .string(report.origin), "head": .integer(report.head),
            "from": .integer(report.from), "events": .integer(report.events),
        ]
        if let streams = report.streams { object.append("streams", .integer(streams)) }
        if let root = report.root { object.append("root", .string(root)) }
        object.append("sealed_size", .integer(report.sealedSize))
        object.append("checkpoints", .integer(Int64(report.checkpoints)))
        object.append("blobs", .integer(Int64(report.blobs)))
        object.append("boxes", .integer(report.boxes))
        object.append("milliseconds", .integer(Int64(report.seconds * 1_000)))
        object.append("left_out", .array(report.omissions.map { .string($0) }))
        object.append("cut_short", .bool(report.isCutShort))
        object.append(
            "first_bad_position", report.findings.first?.position.map { .integer($0) } ?? .null)
        object.append("findings", .array(report.findings.map { .object(json($0)) }))
        Output.line(JSONText.compact(.object(object)))
    }

    private static func json(_ finding: Finding) -> JSONObject {
        var object: JSONObject = ["kind": .string(finding.kind.rawValue), "detail": .string(finding.detail)]
        if let position = finding.position { object.append("position", .integer(position)) }
        if let stream = finding.stream { object.append("stream", .string(stream.description)) }
        return object
    }

    private static let shown = 20

    private static func seconds(_ seconds: Double) -> String {
        let hundredths = Int(seconds * 100)
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
