/// What is wrong with an export, and where.
public struct ExportFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The line, counted from 1; 0 for the file as a whole.
    public let line: Int
    /// What is wrong, without a quotation of the line.
    public let reason: String

    init(line: Int, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    /// The sentence for people.
    public var description: String { line == 0 ? reason : "line \(line): \(reason)" }
}
