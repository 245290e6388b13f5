import Glibc
import Logging
import Synchronization

/// A private PostgreSQL server on a cluster of our own, reachable through a unix socket only.
///
/// The server is a child of this process in a session of its own, so that a Ctrl-C ends us and not the server under
/// us; `stop()` ends it in order. When we are killed it lives on, and the next `start` finds and replaces it.
///
/// `start`, `restart` and `stop` block and belong on a thread of their own, not on the cooperative pool.
public final class EmbeddedPostgres: Sendable {
    private struct State {
        var process: ServerProcess?
        var isStopped = false
        var locks: [FileLock]
    }

    /// The directory of the server's socket; private to the server's user and root.
    public let socketDirectory: String

    /// The cluster's data directory.
    public let dataDirectory: String

    /// The file with the server's messages.
    public let logFile: String

    /// Whether this start made the cluster.
    public let isNew: Bool

    private let place: ClusterPlace
    private let home: String
    private let binaries: ServerBinaries
    private let account: ServerAccount
    private let configuration: EmbeddedPostgresConfiguration
    private let state: Mutex<State>

    /// Starts the server on the home's cluster, which is made if there is none, and returns once it takes connections.
    ///
    /// A warm start takes a fraction of a second, the first about one; after a crash it includes the replay of the
    /// write-ahead log.
    ///
    /// - Throws: an error of kind `alreadyRunning` when another process holds the home; see the other kinds.
    public static func start(
        _ configuration: EmbeddedPostgresConfiguration
    ) throws(EmbeddedPostgresError) -> EmbeddedPostgres {
        let server = try EmbeddedPostgres(configuration)
        try server.launch()
        return server
    }

    private init(_ configuration: EmbeddedPostgresConfiguration) throws(EmbeddedPostgresError) {
        let account = try ServerAccount.resolve(configuration.systemUser)
        // As root the home may be passed through by the server's user; all secrets in it have modes of their own.
        try FilePath.makeDirectory(
            configuration.home, mode: account.prefix.isEmpty ? 0o700 : 0o711, parents: true)
        guard let home = FilePath.canonical(configuration.home) else {
            throw FilePath.failure("find", configuration.home)
        }
        let homeLock = try FileLock(path: "\(home)/lock", protecting: home)
        let place = try ClusterPlace.find(home: home, account: account)
        // A copied home remembers the same cluster elsewhere, so that is locked as well.
        let clusterLock = try FileLock(path: place.lockFile, protecting: "the cluster in \(place.base)")
        let binaries = try ServerBinaries.find(given: configuration.binaries, version: place.version)
        isNew = !place.isMade
        if isNew {
            try ClusterMaker(place: place, binaries: binaries, account: account).make()
            configuration.logger.notice("made a PostgreSQL cluster", metadata: ["directory": "\(place.data)"])
        }
        try place.remember(in: home)
        socketDirectory = try SocketDirectory.prepare(home: home, place: place, account: account)
        dataDirectory = place.data
        logFile = place.logFile
        self.place = place
        self.home = home
        self.binaries = binaries
        self.account = account
        self.configuration = configuration
        state = Mutex(State(locks: [homeLock, clusterLock]))
    }

    /// The number of the server's process; of the last one after it has ended.
    public var processID: Int32 { state.withLock { $0.process?.processID ?? 0 } }

    /// The address of a database for libpq, as a URL.
    public func connectionURL(user: String, database: String) -> String {
        Self.url(socketDirectory: socketDirectory, user: user, database: database)
    }

    static func url(socketDirectory: String, user: String, database: String) -> String {
        let host = EmbeddedPostgres.percentEncoded(socketDirectory)
        let name = EmbeddedPostgres.percentEncoded(database)
        let role = EmbeddedPostgres.percentEncoded(user)
        return "postgresql://\(role)@/\(name)?host=\(host)&port=\(SocketDirectory.port)"
    }

    /// Waits until the server has ended, on purpose or not, and returns its exit status.
    ///
    /// A process ended by a signal counts 128 and the signal's number. The answer is nil when the waiting task is
    /// cancelled first.
    public func waitForExit() async -> Int32? {
        guard let process = state.withLock({ $0.process }) else { return nil }
        return await process.waitForExit()
    }

    /// Starts the server again after it ended by itself; address and locks stay as they are.
    ///
    /// - Throws: an error of kind `stopped` when `stop` has been called, also when it is called meanwhile.
    public func restart() throws(EmbeddedPostgresError) {
        state.withLock { $0.process }?.end(within: configuration.stopTimeout)
        try launch()
    }

    /// Ends the server in order and gives the home free.
    ///
    /// Open transactions are rolled back and a checkpoint is written. A server that takes longer than the configured
    /// time is made to stop at once. Calling it again does nothing.
    public func stop() {
        let process = state.withLock { state in
            state.isStopped = true
            return state.process
        }
        process?.end(within: configuration.stopTimeout)
        state.withLock { state in
            if !state.locks.isEmpty { SocketDirectory.remove(socketDirectory, home: home) }
            state.locks = []
        }
    }

    /// Gives the home free and leaves the server running, as when this process is killed; for tests.
    func abandon() {
        state.withLock { $0.locks = [] }
    }

    private func launch() throws(EmbeddedPostgresError) {
        let leftovers = Leftovers(place: place, account: account, logger: configuration.logger)
        try leftovers.clear(within: configuration.stopTimeout)
        SocketDirectory.removeSocket(in: socketDirectory)
        try writeSettings()
        let log = ServerLog(path: place.logFile)
        let output = try log.open()
        defer { close(output) }
        let offset = log.size
        let command = Command(
            account.prefix + [binaries.server, "-D", place.data, "-c", "config_file=\(place.configurationFile)"])

        let process = try state.withLock { state throws(EmbeddedPostgresError) in
            guard !state.isStopped else { throw EmbeddedPostgresError(.stopped, "the server has been stopped") }
            let process = try ServerProcess(processID: try command.start(output: output))
            state.process = process
            return process
        }
        let decided = Waiting.until(configuration.startTimeout) { process.hasExited || isReady(process) }
        if let status = process.exitStatus {
            if state.withLock({ $0.isStopped }) {
                throw EmbeddedPostgresError(.stopped, "the server has been stopped")
            }
            throw EmbeddedPostgresError(
                .failedToStart, "the server ended with status \(status): \(log.reason(from: offset))")
        }
        guard decided else {
            process.end(within: .zero)
            throw EmbeddedPostgresError(
                .failedToStart, "the server was not ready within \(configuration.startTimeout); see \(place.logFile)")
        }
    }

    /// The server's own file tells, which costs no process and no connection.
    private func isReady(_ process: ServerProcess) -> Bool {
        guard let file = PostmasterFile(path: place.processFile) else { return false }
        return file.isReady && file.processID == process.processID
    }

    private func writeSettings() throws(EmbeddedPostgresError) {
        let text = try ServerSettings.configuration(
            place: place, socketDirectory: socketDirectory, settings: configuration.settings)
        for (path, text) in [(place.configurationFile, text), (place.accessFile, ServerSettings.access)] {
            let bytes = Array(text.utf8)
            if (try? DurableFile.read(path: path)) == bytes { continue }
            do throws(DurableFileError) {
                // Readable for the server's user; nothing in them is secret.
                try DurableFile.write(path: path, bytes: bytes, mode: 0o644)
            } catch {
                throw EmbeddedPostgresError(error)
            }
        }
    }

    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
