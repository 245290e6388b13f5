import Glibc
import Logging

/// The server processes of an earlier life: ours was killed, or the server was and its children have not noticed yet.
///
/// Two servers on one data directory destroy it, so a start first makes sure that nothing is left. It may be that
/// thorough because it holds the cluster's lock: whatever runs here belongs to nobody.
struct Leftovers {
    let place: ClusterPlace
    let account: ServerAccount
    let logger: Logger

    /// Ends what is left and clears the way for a new server.
    func clear(within limit: Duration) throws(EmbeddedPostgresError) {
        let path = place.processFile
        guard FilePath.status(of: path) != nil else { return }
        let written = PostmasterFile(path: path)?.processID
        if let written, isOurs(written) {
            logger.notice("stopping the server of an earlier run", metadata: ["pid": "\(written)"])
            _ = end([SIGINT, SIGQUIT, SIGKILL], patience: [limit, .seconds(5), .seconds(30)], only: written)
        }
        // The children of a killed server end by themselves, at once when idle, late in the middle of a statement.
        let isClear =
            Waiting.until(.seconds(1)) { processes().isEmpty }
            || end([SIGQUIT, SIGKILL], patience: [.seconds(5), .seconds(30)], only: nil)
        guard isClear else {
            let numbers = processes().map { "\($0)" }.joined(separator: ", ")
            throw EmbeddedPostgresError(
                .unusablePlace, "processes of an earlier server in \(place.data) do not end: \(numbers)")
        }
        // PostgreSQL forgives a stale file unless its number has been given to another process of the same user,
        // which in a container with its few numbers is likely. We know better: none of ours is left.
        if let written, kill(written, 0) == 0 { unlink(path) }
    }

    /// Sends one signal after the other until they are gone.
    private func end(_ signals: [Int32], patience: [Duration], only: pid_t?) -> Bool {
        for (signal, limit) in zip(signals, patience) {
            let targets = only.map { [$0] } ?? processes()
            for target in targets where isOurs(target) {
                kill(target, signal)
                // One that was halted would only take the signal later.
                kill(target, SIGCONT)
            }
            let gone = Waiting.until(limit) {
                only.map { !isOurs($0) } ?? processes().isEmpty
            }
            if gone { return true }
        }
        return false
    }

    /// All processes of the server on our data directory.
    func processes() -> [pid_t] {
        DirectoryListing.names(in: "/proc").compactMap { pid_t($0) }.filter { $0 != getpid() && isOurs($0) }
    }

    /// Whether a process is the server on our data directory, or a child of it, by its owner and its command line.
    ///
    /// The links in `/proc` would tell too, but in a container even root may not read those of another user.
    private func isOurs(_ processID: pid_t) -> Bool {
        guard let status = FilePath.status(of: "/proc/\(processID)"),
            status.st_uid == account.userID || status.st_uid == geteuid(),
            let content = try? DurableFile.read(path: "/proc/\(processID)/cmdline", limit: 1 << 16)
        else { return false }
        let arguments = content.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let program = arguments.first else { return false }
        // A child names itself `postgres: <cluster_name>: checkpointer`.
        if program.hasPrefix("postgres: \(place.serverName):") { return true }
        // The server, or a child before it has named itself, or what becomes the server in a moment.
        guard ["postgres", "setpriv", "env"].contains(FilePath.name(of: program)) else { return false }
        return zip(arguments, arguments.dropFirst()).contains { $0 == "-D" && $1 == place.data }
    }
}
