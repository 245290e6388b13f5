/// Why the private server could not be found, made, started or stopped, in one line for the operator.
public struct EmbeddedPostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller may want to tell apart.
    public enum Kind: Sendable, Equatable {
        /// No PostgreSQL server of a version we can use is installed.
        case missingServer
        /// We run as root, which PostgreSQL refuses, and there is no system user to run it as.
        case missingUser
        /// Another process holds the home or the cluster; its id, when it could be read.
        case alreadyRunning(processID: Int32?)
        /// The home, the cluster or the socket directory cannot be used as it is.
        case unusablePlace
        /// The home remembers a cluster that is no longer where it was.
        case lostCluster
        /// A setting is reserved or cannot be written down.
        case invalidSetting
        /// `initdb` or the server ended with an error.
        case failedToStart
        /// The server has been stopped on purpose and is not started again.
        case stopped
    }

    /// What a caller may want to tell apart.
    public let kind: Kind

    /// The sentence for the operator, without a line break.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ error: DurableFileError) {
        self.init(.unusablePlace, error.description)
    }
}
