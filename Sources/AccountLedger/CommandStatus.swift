import ArgumentParser

/// The exit codes of every subcommand (docs/command-line.md); after `sysexits.h` where that has one.
enum CommandStatus: Int32, CaseIterable {
    /// Done.
    case success = 0
    /// The service said no, or something failed.
    case failure = 1
    /// The command line was not understood.
    case usage = 64
    /// What was looked at is not what it must be: `verify`, `restore` and `checkpoint compare`.
    case unsound = 65
    /// The service or its database cannot be reached.
    case unavailable = 69
    /// Something else is in the way that will pass; try again.
    case temporary = 75
    /// Configuration, keys or the database's version do not fit; nothing was done.
    case configuration = 78
}

/// The end of a command that did not do what was asked, with one line that says why.
struct CommandFailure: Error, CustomStringConvertible {
    let status: CommandStatus
    let description: String

    init(_ status: CommandStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
