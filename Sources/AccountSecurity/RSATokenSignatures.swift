public import Accounts
import PKI

/// RS256 with OpenSSL: verified where it is asked, signed in the pool of slow work.
public struct RSATokenSignatures: TokenSignatures {
    private let work: SlowWork

    /// Signs in `work`.
    public init(work: SlowWork) { self.work = work }

    /// How many bytes the secret of a derived pair has.
    public var seedBytes: Int { RSAKeyPair.seedBytes }

    /// Whether a signature is one of a public key; a key that cannot be read verifies nothing.
    public func isValid(_ signature: [UInt8], over message: [UInt8], by publicKey: [UInt8]) -> Bool {
        // To verify takes some 50 µs, less than handing it to a thread.
        guard let key = try? RSAPublicKey(spki: publicKey) else { return false }
        return (try? key.verify(signature, over: message)) ?? false
    }

    /// Opens the private half and signs.
    public func sign(_ message: [UInt8], with privateKeySealed: [UInt8], passphrase: [UInt8]) async throws(Failure)
        -> [UInt8]
    {
        try await work.perform {
            try RSAKeyPair(encryptedPKCS8: privateKeySealed, passphrase: passphrase).sign(message)
        }
    }

    /// Makes the derived pair, which takes a moment.
    public func derivedPublicKey(from seed: [UInt8]) async throws(Failure) -> [UInt8] {
        try await work.perform { try RSAKeyPair.derive(from: seed).publicKeySPKI }
    }
}
