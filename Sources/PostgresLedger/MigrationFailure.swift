/// Why the schema is not, or was not made, what this program needs, in one line for the operator.
public enum MigrationFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// A step that was applied is another one than this program has under its number.
    case changed(number: Int, name: String)
    /// Steps before an applied one are missing from the records.
    case gap(before: Int)
    /// A newer program has migrated the database.
    case newerDatabase(found: Int, known: Int)
    /// Steps are outstanding, and this role may or must not apply them.
    case olderDatabase(found: Int, known: Int)
    /// Another migrator has been at work for too long.
    case busy
    /// A step could not be applied; nothing of it stands.
    case failed(number: Int, name: String, reason: String, hint: String?)

    /// The sentence for the operator, without a line break.
    public var description: String {
        switch self {
        case .changed(let number, let name):
            "migration \(number) (\(name)) was applied to this database in another form than this program has"
        case .gap(let number): "the records of the migrations before number \(number) are missing"
        case .newerDatabase(let found, let known):
            "the database is of a newer version: its schema is at migration \(found), this program knows \(known); "
                + "use the newer program"
        case .olderDatabase(let found, let known):
            "the database's schema is at migration \(found), this program needs \(known); run: account-ledger migrate"
        case .busy: "another migrator is at work on this database; try again when it is done"
        case .failed(let number, let name, let reason, let hint):
            "migration \(number) (\(name)) failed and was taken back: \(reason)" + (hint.map { " (\($0))" } ?? "")
        }
    }

    /// Whether trying again later may help, without anybody changing anything.
    public var passes: Bool { self == .busy }
}
