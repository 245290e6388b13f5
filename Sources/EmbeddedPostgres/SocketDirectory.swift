import Glibc

/// The directory of the server's socket: private, and short enough for the address of a socket.
enum SocketDirectory {
    /// The number in the socket's file name; no TCP port is opened.
    static let port = 5432

    /// The bytes that a socket address holds, less its closing zero.
    private static let longestPath = 107

    static func socket(in directory: String) -> String { "\(directory)/.s.PGSQL.\(port)" }

    /// The first usable directory, made when absent, with mode 0700 and owned by the server's user.
    ///
    /// As root that is one in `/run`; else one in the home, in `$XDG_RUNTIME_DIR`, or at last a random one in `/tmp`,
    /// which the home remembers.
    static func prepare(
        home: String, place: ClusterPlace, account: ServerAccount,
        runtime: String? = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
    ) throws(EmbeddedPostgresError) -> String {
        let name = place.serverName
        var candidates: [String] = []
        if account.prefix.isEmpty {
            candidates.append("\(home)/run")
            if let runtime, runtime.hasPrefix("/") { candidates.append("\(runtime)/\(name)") }
        } else {
            candidates.append("/run/\(name)")
        }
        if let earlier = remembered(home) { candidates.append(earlier) }
        for directory in candidates where fits(directory) && claim(directory, for: account) { return directory }
        return try makeRandom(home: home, account: account)
    }

    /// Takes the directory away once the server is gone.
    static func remove(_ directory: String, home: String) {
        removeSocket(in: directory)
        if rmdir(directory) == 0 && remembered(home) == directory { unlink(memory(home)) }
    }

    /// Removes what a killed server left, so that its number, taken by another process since, holds nobody up.
    static func removeSocket(in directory: String) {
        unlink(socket(in: directory))
        unlink("\(socket(in: directory)).lock")
    }

    static func fits(_ directory: String) -> Bool { socket(in: directory).utf8.count <= longestPath }

    /// Makes the directory or takes one that is as it should be; anything else is left alone.
    private static func claim(_ directory: String, for account: ServerAccount) -> Bool {
        if mkdir(directory, 0o700) == 0 {
            if lchown(directory, account.userID, account.groupID) == 0 && chmod(directory, 0o700) == 0 { return true }
            rmdir(directory)
            return false
        }
        guard errno == EEXIST, let status = FilePath.status(of: directory) else { return false }
        return status.st_mode & S_IFMT == S_IFDIR && status.st_mode & 0o777 == 0o700
            && status.st_uid == account.userID
    }

    private static func makeRandom(home: String, account: ServerAccount) throws(EmbeddedPostgresError) -> String {
        var template = Array("/tmp/account-ledger-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FilePath.failure("make a directory in", "/tmp") }
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard lchown(directory, account.userID, account.groupID) == 0 else {
            throw FilePath.failure("hand over", directory)
        }
        do throws(DurableFileError) {
            try DurableFile.write(path: memory(home), bytes: Array("\(directory)\n".utf8))
        } catch {
            throw EmbeddedPostgresError(error)
        }
        return directory
    }

    private static func memory(_ home: String) -> String { "\(home)/socket-directory" }

    private static func remembered(_ home: String) -> String? {
        guard let content = try? DurableFile.read(path: memory(home), limit: 4096) else { return nil }
        return String(decoding: content, as: UTF8.self).split(separator: "\n").first.map { String($0) }
    }
}
