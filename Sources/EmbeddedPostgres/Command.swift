import Glibc

/// A program to run in a session of its own, with nothing of ours but what it is given.
///
/// Its own session keeps a Ctrl-C at the terminal from reaching it. The environment is a short fixed one, because ours
/// may hold secrets that another user could read in `/proc`; descriptors and blocked signals are not passed on either.
struct Command {
    /// `POSIX_SPAWN_SETSID`, which the headers show to GNU sources only.
    private static let newSession: Int32 = 0x80

    private let arguments: [String]

    /// The absolute path of the program and its arguments.
    init(_ arguments: [String]) {
        self.arguments = arguments
    }

    /// Starts the program with its output and errors going to `output`.
    func start(output: Int32) throws(EmbeddedPostgresError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for descriptor in DirectoryListing.names(in: "/proc/self/fd").compactMap({ Int32($0) }) where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }

        var none = sigset_t()
        var ordinary = sigset_t()
        sigemptyset(&none)
        sigemptyset(&ordinary)
        for signal in Int32(1)...31 where signal != SIGKILL && signal != SIGSTOP { sigaddset(&ordinary, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &ordinary)
        let flags = Command.newSession | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        // PostgreSQL insists on knowing its working directory, and the other user may not be allowed into ours.
        let all: [String] = ["/usr/bin/env", "--chdir=/"] + arguments
        let variables: [String] = ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC"]
        var argumentList: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for string in argumentList + environment { free(string) } }
        var processID: pid_t = 0
        let code = posix_spawn(&processID, all[0], &actions, &attributes, &argumentList, &environment)
        guard code == 0 else {
            throw EmbeddedPostgresError(DurableFileError(path: all[0], operation: "run", code: code))
        }
        return processID
    }

    /// Runs the program to its end and returns its exit status with all that it wrote.
    ///
    /// For small output: what goes beyond 64 KiB is dropped.
    func run() throws(EmbeddedPostgresError) -> (status: Int32, output: String) {
        // A file and not a pipe: a pipe would stay open as long as any child of the program.
        let output: Int32
        do throws(DurableFileError) {
            let file = try DurableFile.create(beside: "/tmp/account-ledger-output")
            unlink(file.path)
            output = file.descriptor
        } catch {
            throw EmbeddedPostgresError(error)
        }
        defer { close(output) }
        let processID = try start(output: output)
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        var content = [UInt8](repeating: 0, count: 65_536)
        let count = pread(output, &content, content.count, 0)
        return (Command.exitStatus(status), String(decoding: content.prefix(max(count, 0)), as: UTF8.self))
    }

    /// The exit code, or 128 and the signal's number, as shells count it.
    static func exitStatus(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
