import Glibc

/// The server's programs of one installed PostgreSQL version.
struct ServerBinaries: Sendable, Equatable {
    /// The oldest version whose settings and `initdb` options we use.
    static let oldestVersion = 15

    let directory: String
    let version: Int

    var server: String { "\(directory)/postgres" }
    var initializer: String { "\(directory)/initdb" }

    /// Finds the programs: at the place given, else the newest that Debian installed, else in `PATH`.
    ///
    /// `given` is the only directory to look in when the operator names one; `version` is that of an existing cluster,
    /// which no other version can open; `installed` is where Debian keeps a directory per version.
    static func find(
        given: String?, version: Int?, installed: String = "/usr/lib/postgresql",
        searchPath: String = getenv("PATH").map { String(cString: $0) } ?? ""
    ) throws(EmbeddedPostgresError) -> ServerBinaries {
        if let given {
            guard let binaries = try examine(given) else {
                throw EmbeddedPostgresError(
                    .missingServer, "\(given) does not hold the PostgreSQL programs postgres and initdb")
            }
            guard binaries.fits(version) else {
                throw EmbeddedPostgresError(
                    .missingServer,
                    "\(given) holds PostgreSQL \(binaries.version), but \(ServerBinaries.wanted(version)) is needed")
            }
            return binaries
        }
        let fromDebian = DirectoryListing.names(in: installed).compactMap { Int($0) }.sorted(by: >).map {
            ServerBinaries(directory: "\(installed)/\($0)/bin", version: $0)
        }
        if let binaries = fromDebian.first(where: { $0.isComplete && $0.fits(version) }) { return binaries }
        for directory in searchPath.split(separator: ":") {
            if let binaries = try examine(String(directory)), binaries.fits(version) { return binaries }
        }
        throw EmbeddedPostgresError(
            .missingServer,
            "the server of \(wanted(version)) is not installed; on Debian: "
                + "apt-get install postgresql-\(version ?? oldestVersion)")
    }

    private static func wanted(_ version: Int?) -> String {
        version.map { "PostgreSQL \($0), which made the cluster," } ?? "PostgreSQL \(oldestVersion) or newer"
    }

    private var isComplete: Bool { access(server, X_OK) == 0 && access(initializer, X_OK) == 0 }

    private func fits(_ wanted: Int?) -> Bool {
        wanted.map { $0 == version } ?? (version >= ServerBinaries.oldestVersion)
    }

    private static func examine(_ directory: String) throws(EmbeddedPostgresError) -> ServerBinaries? {
        // The working directory of the server is another, so only a path from the root means the same to it.
        guard let path = FilePath.canonical(directory),
            ServerBinaries(directory: path, version: 0).isComplete,
            let version = majorVersion(in: try Command(["\(path)/postgres", "--version"]).run().output)
        else { return nil }
        return ServerBinaries(directory: path, version: version)
    }

    /// The 15 of `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
    static func majorVersion(in line: String) -> Int? {
        guard let closing = line.firstIndex(of: ")") else { return nil }
        return Int(line[line.index(after: closing)...].drop { $0 == " " }.prefix { $0.isNumber })
    }
}
