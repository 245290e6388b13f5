import ArgumentParser

/// The exit codes of every subcommand (docs/command-line.md); after `sysexits.h` where that has one.
enum CommandStatus: Int32, CaseIterable {
    /// Done.
    case success = 0
    /// The service said no, or something failed; of `verify` and `checkpoint compare`: the log is not what it was.
    case failure = 1
    /// `verify` and `checkpoint compare` came to no judgement.
    case cannotTell = 3
    /// The command line was not understood.
    case usage = 64
    /// What was restored, or a checkpoint, is not what it must be.
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

/// Commands that judge a log: whether it was tampered with must never be mixed up with a database that went away.
enum Judgement {
    /// Runs what comes to a judgement, and tells failing on the way apart from a bad one.
    static func reach<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let failure as CommandFailure {
            switch failure.status {
            case .unsound: throw CommandFailure(.failure, failure.description)
            case .failure, .unavailable, .temporary: throw CommandFailure(.cannotTell, failure.description)
            case .success, .cannotTell, .usage, .configuration: throw failure
            }
        } catch let failure as ConfigurationFailure {
            throw failure
        } catch {
            throw CommandFailure(.cannotTell, "\(error)")
        }
    }
}
