import EmbeddedPostgres

/// Where the `up` of a home listens, left there for the tools beside it: its port may be any.
struct RunningAddress {
    private let path: String

    init(home: String) { path = home + "/url" }

    /// Leaves the address.
    ///
    /// A tool that does not find it asks the configured one, so trouble here is no reason to stop.
    func leave(_ url: ServiceURL) {
        try? DurableFile.write(path: path, bytes: Array("\(url)\n".utf8), mode: 0o644)
    }

    /// The address that the newest `up` left.
    func find() -> ServiceURL? { (try? SmallFile.line(path)).flatMap { ServiceURL($0) } }
}
