extension EmbeddedPostgres {
    /// The address of a database of the cluster that runs in `home`, whoever started it; nil when none runs there.
    ///
    /// For tools beside a running service: nothing is started, locked or changed.
    public static func runningURL(home: String, user: String, database: String) -> String? {
        guard let home = FilePath.canonical(home), let account = try? ServerAccount.resolve(nil),
            let place = try? ClusterPlace.find(home: home, account: account),
            let file = PostmasterFile(path: place.processFile), file.isReady, let directory = file.socketDirectory
        else { return nil }
        return url(socketDirectory: directory, user: user, database: database)
    }
}
