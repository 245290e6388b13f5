/// A whole export that lies in a file.
public enum ExportFile {
    /// Checks every line of a file and hands each to `body`.
    ///
    /// - Returns: the checker at the end: origin, position, root, checkpoint.
    /// - Throws: ``ExportFault`` with the line; whatever `body` throws.
    @discardableResult
    public static func check(_ path: String, _ body: (ExportItem) throws -> Void = { _ in }) throws -> ExportChecker {
        let file = try LineFile(path)
        var checker = ExportChecker()
        do {
            while let item = try file.next({ line throws(ExportFault) in try checker.take(line) }) { try body(item) }
        } catch let fault as ExportFault where fault.line == 0 && checker.line > 0 {
            throw ExportFault(line: checker.line + 1, fault.reason)
        }
        _ = try checker.finish()
        return checker
    }
}
