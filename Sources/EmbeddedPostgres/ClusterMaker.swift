import Glibc

/// Makes the data directory of a new cluster, in full or not at all.
struct ClusterMaker {
    let place: ClusterPlace
    let binaries: ServerBinaries
    let account: ServerAccount

    /// Runs `initdb` beside the final place and moves the result there in one step.
    ///
    /// A crash leaves a `new-…` directory that no start takes for a cluster; the next one removes it.
    func make() throws(EmbeddedPostgresError) {
        removeUnfinished()
        var template = Array("\(place.base)/new-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FilePath.failure("make a directory in", place.base) }
        let unfinished = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard lchown(unfinished, account.userID, account.groupID) == 0 else {
            throw FilePath.failure("hand over", unfinished)
        }
        try initialize(unfinished)
        guard rename(unfinished, place.data) == 0 else { throw FilePath.failure("put in place", place.data) }
        do throws(DurableFileError) {
            try DurableFile.synchronizeDirectory(place.base)
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    /// `initdb` forces all it wrote to disk before it ends.
    ///
    /// The access rules it writes let only the server's own user in. They count when somebody starts a server on the
    /// data directory by hand; ours brings its own (`ServerSettings.access`).
    private func initialize(_ directory: String) throws(EmbeddedPostgresError) {
        let result = try Command(
            account.prefix + [
                binaries.initializer, "--pgdata=\(directory)", "--username=postgres", "--encoding=UTF8",
                "--locale-provider=libc", "--locale=C.UTF-8", "--data-checksums", "--no-instructions",
                "--auth-local=peer", "--auth-host=reject",
            ]
        ).run()
        guard result.status == 0 else {
            let reason = ServerLog.reason(in: result.output)
            throw EmbeddedPostgresError(.failedToStart, "initdb failed with status \(result.status): \(reason)")
        }
    }

    private func removeUnfinished() {
        for name in DirectoryListing.names(in: place.base) where name.hasPrefix("new-") {
            // rm, because it walks a tree of the other user without following the links in it. What it cannot
            // remove only takes room.
            _ = try? Command(["/bin/rm", "-rf", "--", "\(place.base)/\(name)"]).run()
        }
    }
}
