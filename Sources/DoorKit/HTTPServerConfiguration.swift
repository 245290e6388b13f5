/// Where the server listens, and every limit it holds clients to.
public struct HTTPServerConfiguration: Sendable {
    /// The address or host name to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    public var port = 8080
    /// The longest body of ordinary routes.
    public var maximumBodyBytes = 1 << 20
    /// The longest body of backup and archive routes.
    public var maximumUploadBytes = 16 << 20
    /// The most memory that bodies may take at one time, over all connections.
    public var maximumHeldBodyBytes = 256 << 20
    /// The longest header section, and the longest single field.
    public var maximumHeaderBytes = 16 << 10
    /// The most header fields.
    public var maximumHeaderFields = 100
    /// The longest request target.
    public var maximumTargetBytes = 8 << 10
    /// How long a head may take from its first byte.
    public var headDeadline: Duration = .seconds(10)
    /// How long a whole body may take, however steadily it trickles.
    public var bodyDeadline: Duration = .seconds(30)
    /// How long a kept-alive connection may be quiet between requests.
    public var idleTimeout: Duration = .seconds(75)
    /// How long a client may leave an answer unread.
    public var writeDeadline: Duration = .seconds(30)
    /// The most connections; more wait in the system's queue.
    public var maximumConnections = 8_192
    /// How long readiness is off before the server stops accepting, so that balancers notice.
    public var readinessLead: Duration = .zero
    /// How long requests under way may take after the server stopped accepting.
    public var drainLimit: Duration = .seconds(10)
    /// The peers whose `X-Forwarded-For` is believed.
    public var trustedProxies = TrustedProxies.none

    /// Makes a configuration of defaults.
    public init() {}
}

/// What the server is bound to.
public struct Listening: Sendable {
    /// The host as configured.
    public let host: String
    /// The port, the one the system chose where 0 was configured.
    public let port: Int
}

/// The server could not listen.
public struct ListenError: Error, Sendable, CustomStringConvertible {
    /// One line that says where and why.
    public let description: String
}
