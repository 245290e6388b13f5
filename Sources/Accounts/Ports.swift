public import AccountDomain

/// Makes and checks password verifiers; slow on purpose, so it works off the cooperative pool.
public protocol PasswordHasher: Sendable {
    /// The verifier of a new password.
    func verifier(for password: [UInt8]) async throws(Failure) -> PasswordVerifier

    /// Whether a password matches. With a nil verifier it takes as long and answers false, so that an unknown name
    /// cannot be told from a wrong password by its time.
    func matches(_ password: [UInt8], _ verifier: PasswordVerifier?) async throws(Failure) -> Bool
}

/// Makes RSA pairs for keys that want one.
public protocol KeyPairMaker: Sendable {
    /// The public half as SubjectPublicKeyInfo (DER), the private half as PKCS#8 (DER) encrypted under `passphrase`.
    func rsaPair(encryptedUnder passphrase: [UInt8]) async throws(Failure) -> RSAPair
}

/// Signs and verifies tokens with the RSA pairs of keys: RS256, which is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3).
public protocol TokenSignatures: Sendable {
    /// Whether a signature over a message was made with the private half of a public key (SubjectPublicKeyInfo, DER).
    func isValid(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) -> Bool

    /// Signs with a private half (PKCS#8, DER) that is encrypted under a passphrase.
    func sign(_ message: [UInt8], with privateKeySealed: [UInt8], passphrase: [UInt8]) async throws(Failure) -> [UInt8]

    /// The public half (SubjectPublicKeyInfo, DER) of the pair that follows from a secret of ``seedBytes``.
    func derivedPublicKey(from seed: [UInt8]) async throws(Failure) -> [UInt8]

    /// How many bytes the secret of a derived pair has.
    var seedBytes: Int { get }
}

/// Both halves of an RSA pair, as they are stored and shown.
public struct RSAPair: Sendable, Equatable {
    /// SubjectPublicKeyInfo, DER.
    public let publicKey: [UInt8]
    /// Encrypted PKCS#8, DER.
    public let privateKeySealed: [UInt8]

    /// A pair.
    public init(publicKey: [UInt8], privateKeySealed: [UInt8]) {
        self.publicKey = publicKey
        self.privateKeySealed = privateKeySealed
    }
}

/// What the use cases must know of the deployment's configuration.
public struct AccountSettings: Sendable {
    /// The part of the root key before the dot; the root's name, and the first part of every key string.
    public let applicationID: String

    /// Settings.
    public init(applicationID: String) { self.applicationID = applicationID }

    /// The name that root logs in by and nobody else may have: the application's, in lower case.
    public var rootName: String { applicationID.lowercased() }
}
