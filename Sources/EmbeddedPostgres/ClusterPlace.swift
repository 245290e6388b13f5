import Glibc

/// Where the cluster of a home lies, and the files around its data directory.
struct ClusterPlace: Sendable, Equatable {
    /// The directory that holds the data directory and our files beside it.
    ///
    /// It belongs to us, the data directory inside to the server's user: as root we then never open a file by a path
    /// that the other user could have redirected.
    let base: String

    var data: String { "\(base)/data" }
    var configurationFile: String { "\(base)/postgresql.conf" }
    var accessFile: String { "\(base)/pg_hba.conf" }
    var logFile: String { "\(base)/server.log" }
    var lockFile: String { "\(base)/lock" }
    var processFile: String { "\(data)/postmaster.pid" }

    /// The name in the titles of the server's processes, by which a later start knows them.
    var serverName: String { "account-ledger-\(Fingerprint.of(base))" }

    /// Whether a complete cluster lies here: `ClusterMaker` puts the directory in place as its last step.
    var isMade: Bool { FilePath.isDirectory(data) }

    /// The PostgreSQL version that made the cluster; nil before it is made.
    var version: Int? {
        guard let content = try? DurableFile.read(path: "\(data)/PG_VERSION", limit: 64) else { return nil }
        return Int(String(decoding: content, as: UTF8.self).split(separator: "\n").first ?? "")
    }

    /// Where clusters lie whose home the server's user cannot reach.
    static let shared = "/var/lib/account-ledger"

    /// The place that `home` remembers, or else a fitting one.
    ///
    /// What is remembered is final, so that changed permissions or a missing disk never lead to a second, empty
    /// cluster beside the first.
    static func find(home: String, account: ServerAccount, shared: String = shared) throws(EmbeddedPostgresError)
        -> ClusterPlace
    {
        let pointer = pointerFile(home)
        if FilePath.status(of: pointer) != nil {
            let place = ClusterPlace(base: try remembered(pointer, home: home))
            guard let status = FilePath.status(of: place.data) else {
                throw EmbeddedPostgresError(
                    .lostCluster,
                    "the cluster of \(home) is no longer in \(place.data); put it back, or remove \(pointer) to begin "
                        + "an empty one")
            }
            guard status.st_uid == account.userID else {
                throw EmbeddedPostgresError(
                    .unusablePlace,
                    "the cluster in \(place.data) belongs to the user \(status.st_uid), not to \(account.name)")
            }
            return place
        }
        let inside = ClusterPlace(base: "\(home)/postgres")
        if try account.canEnter(home) {
            try FilePath.makeDirectory(inside.base, mode: baseMode(account))
            return inside
        }
        try FilePath.makeDirectory(shared, mode: 0o711, parents: true)
        let stem = "\(shared)/\(Fingerprint.of(home))"
        // A home that was deleted and made again begins anew: the cluster of its former life is not ours to take.
        var outside = ClusterPlace(base: stem)
        var attempt = 2
        while outside.isMade {
            outside = ClusterPlace(base: "\(stem)-\(attempt)")
            attempt += 1
        }
        try FilePath.makeDirectory(outside.base, mode: baseMode(account))
        return outside
    }

    /// Makes `home` remember this place.
    func remember(in home: String) throws(EmbeddedPostgresError) {
        // A cluster inside the home moves with it; one elsewhere does not.
        let prefix = "\(home)/"
        let text = base.hasPrefix(prefix) ? String(base.dropFirst(prefix.count)) : base
        do throws(DurableFileError) {
            let content = Array("\(text)\n".utf8)
            let pointer = ClusterPlace.pointerFile(home)
            if (try? DurableFile.read(path: pointer)) != content {
                try DurableFile.write(path: pointer, bytes: content, mode: 0o600)
            }
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }

    private static func pointerFile(_ home: String) -> String { "\(home)/cluster" }

    private static func baseMode(_ account: ServerAccount) -> UInt32 { account.prefix.isEmpty ? 0o700 : 0o711 }

    private static func remembered(_ pointer: String, home: String) throws(EmbeddedPostgresError) -> String {
        do throws(DurableFileError) {
            let content = try DurableFile.read(path: pointer, limit: 4096)
            let text = String(decoding: content, as: UTF8.self).split(separator: "\n").first.map { String($0) } ?? ""
            guard !text.isEmpty else { throw DurableFileError(path: pointer, operation: "understand", code: EINVAL) }
            return text.hasPrefix("/") ? text : "\(home)/\(text)"
        } catch {
            throw EmbeddedPostgresError(error)
        }
    }
}
