public import Transparency

/// A whole export that lies in a file.
public enum ExportFile {
    /// Checks every line of a file and hands each to `body`.
    ///
    /// - Parameters:
    ///   - path: the file; `-` is standard input.
    ///   - known: a checkpoint whose tree must be the beginning of the export's.
    ///   - body: told each line that is in order.
    /// - Returns: the checker at the end: origin, position, root, checkpoint.
    /// - Throws: ``ExportFault`` with the line; whatever `body` throws.
    @discardableResult
    public static func check(
        _ path: String, known: Checkpoint? = nil, _ body: (ExportItem) throws -> Void = { _ in }
    ) throws -> ExportChecker {
        let file = try LineFile(path)
        var checker = ExportChecker(known: known)
        do {
            while let item = try file.next({ line throws(ExportFault) in try checker.take(line) }) { try body(item) }
        } catch let fault as ExportFault where fault.line == 0 {
            throw ExportFault(line: checker.line + 1, fault.reason)
        }
        try checker.finish()
        return checker
    }

    /// Where the last whole event of a file ends, and its position: an export goes on behind it.
    ///
    /// What stands behind it, half a line or what closes an export, is to be cut off. Events are not checked here.
    /// - Returns: zeros for an empty file.
    /// - Throws: ``ExportFault`` when the file holds something else than an export.
    public static func lastEvent(in path: String) throws(ExportFault) -> (position: Int64, offset: Int64) {
        let file = try LineFile(path)
        var checker = ExportChecker()
        var end: (position: Int64, offset: Int64) = (0, 0)
        var isFirst = true
        var isBroken = false
        while !isBroken {
            let found: Int64??
            do throws(ExportFault) {
                found = try file.next { line throws(ExportFault) -> Int64? in
                    if isFirst {
                        isFirst = false
                        _ = try checker.take(line)
                        return nil
                    }
                    return EventLineReader.position(of: line)
                }
            } catch {
                // A first line that was cut off is as good as none; a foreign file is none of ours.
                guard isFirst, error.line == 0, end.offset == 0, file.restBegins(with: "{\"specversion\":\"1.0\"")
                else {
                    guard !isFirst, error.line == 0 else { throw error }
                    isBroken = true
                    continue
                }
                return (0, 0)
            }
            guard let found else { break }
            if let position = found {
                guard position == end.position + 1 else {
                    throw ExportFault(line: 0, "the event at position \(end.position + 1) is missing")
                }
                end = (position, file.offset)
            }
        }
        return end
    }
}
