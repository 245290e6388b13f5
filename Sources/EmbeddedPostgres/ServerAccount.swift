import Glibc

/// The system user that the server runs as.
///
/// PostgreSQL refuses root, so that root hands the server to an ordinary user; anybody else runs it himself.
struct ServerAccount: Sendable, Equatable {
    let name: String
    let userID: uid_t
    let groupID: gid_t

    /// What stands in front of a command to run it as this user; empty when we are that user.
    ///
    /// `setpriv` replaces itself by the command, so the server stays our direct child. The change cannot be left to
    /// `posix_spawn`, which knows no user, nor to a fork in a process with threads.
    let prefix: [String]

    /// The user to take: ourselves, or as root the one asked for, `postgres`, or `account-ledger`.
    static func resolve(_ requested: String?) throws(EmbeddedPostgresError) -> ServerAccount {
        let ourselves = geteuid()
        guard ourselves == 0 else {
            if let requested, look(up: requested)?.userID != ourselves {
                throw EmbeddedPostgresError(.missingUser, "only root may run PostgreSQL as the user \(requested)")
            }
            return ServerAccount(name: requested ?? "\(ourselves)", userID: ourselves, groupID: getegid(), prefix: [])
        }
        let candidates = requested.map { [$0] } ?? ["postgres", "account-ledger"]
        guard let found = candidates.lazy.compactMap(look(up:)).first, found.userID != 0 else {
            throw EmbeddedPostgresError(
                .missingUser,
                "PostgreSQL does not run as root and there is no user \(candidates.joined(separator: " or ")) to "
                    + "run it as; make one: useradd --system account-ledger")
        }
        return found
    }

    /// Whether the user can pass through the directory and all above it, whatever grants or denies it.
    func canEnter(_ directory: String) throws(EmbeddedPostgresError) -> Bool {
        if prefix.isEmpty { return access(directory, X_OK) == 0 }
        return try Command(prefix + ["/usr/bin/test", "-x", directory]).run().status == 0
    }

    private static func look(up name: String) -> ServerAccount? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return ServerAccount(
            name: name, userID: entry.pw_uid, groupID: entry.pw_gid,
            prefix: [
                "/usr/bin/setpriv", "--reuid=\(entry.pw_uid)", "--regid=\(entry.pw_gid)", "--init-groups", "--",
            ])
    }
}
