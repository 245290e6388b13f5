/// What a client hashed its password with before it sent it; handed back to every later client.
public struct PrehashParameters: Sendable, Equatable {
    /// Memory in KiB.
    public let memory: Int
    /// Passes over it.
    public let iterations: Int
    /// Lanes.
    public let parallelism: Int
    /// The salt as text: its characters, not what they stand for, are what Argon2 was given, so none may change.
    public let salt: String

    /// Parameters.
    public init(memory: Int, iterations: Int, parallelism: Int, salt: String) {
        self.memory = memory
        self.iterations = iterations
        self.parallelism = parallelism
        self.salt = salt
    }
}

/// The verifier of a password that the client hashed (Argon2 server relief): the expensive step is the client's, and a
/// keyed hash of its outcome is kept, so that what is stored is no credential.
public struct ReliefVerifier: Sendable, Equatable {
    /// What the client hashed with.
    public let parameters: PrehashParameters
    /// Drawn for this verifier alone: sixteen bytes.
    public let key: [UInt8]
    /// HMAC-SHA256 of the prehash under `key`.
    public let mac: Digest

    /// A verifier.
    public init(parameters: PrehashParameters, key: [UInt8], mac: Digest) {
        self.parameters = parameters
        self.key = key
        self.mac = mac
    }
}
