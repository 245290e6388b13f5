/// The whole log as lines for other programs and for a new database (docs/consumers.md).
public protocol LogExports: Sendable {
    /// Begins an export behind a position; 0 for all of the log.
    ///
    /// - Throws: ``Failure/beyondHead``, or trouble.
    func begin(after position: Int64) async throws(Failure) -> any LogExport
}

/// An export under way; it is asked for one piece after the other, by one task at a time.
public protocol LogExport: Sendable {
    /// The next lines, some megabytes at most unless a single line is longer; nil behind the last one.
    func next() async throws(Failure) -> [UInt8]?

    /// Gives free what it holds; to be called however it ends.
    func end() async
}
