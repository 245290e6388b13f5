public import Crypto
import StrictJSON

/// The public half of a note's key: `<name>+<id in hex>+<base64>` (C2SP signed-note), Ed25519 only.
public struct VerifierKey: Sendable, CustomStringConvertible {
    /// The name that stands in the signature line; for a log its origin.
    public let name: String
    /// The id that stands in the signature.
    public let id: UInt32
    /// The key.
    public let publicKey: Curve25519.Signing.PublicKey

    /// A key under a name; nil when the name may not stand in a note.
    public init?(name: String, publicKey: Curve25519.Signing.PublicKey) {
        guard KeyName.isValid(name) else { return nil }
        self.name = name
        self.publicKey = publicKey
        id = KeyName.keyID(name: name, type: KeyName.ed25519, publicKey: [UInt8](publicKey.rawRepresentation))
    }

    /// Reads the text form; the id must be the one that follows from name and key.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)``.
    public init(_ text: String) throws(TransparencyError) {
        // Base64 itself may hold a plus: only the first two divide.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let bytes = Base64.decode(parts[2]), bytes.count == 33, bytes[0] == KeyName.ed25519,
            let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes.dropFirst()),
            let key = VerifierKey(name: parts[0], publicKey: publicKey), KeyName.hex(key.id) == parts[1]
        else { throw .malformed("verifier key") }
        self = key
    }

    /// The same key under another name, as for a log's next origin.
    public func named(_ name: String) -> VerifierKey? { VerifierKey(name: name, publicKey: publicKey) }

    /// The text form.
    public var description: String {
        let bytes = [KeyName.ed25519] + publicKey.rawRepresentation
        return "\(name)+\(KeyName.hex(id))+\(Base64.encode(bytes))"
    }

    /// Tells whether the signature bytes (without the id) fit the text.
    func isValid(_ signature: [UInt8], for text: String) -> Bool {
        signature.count == 64 && publicKey.isValidSignature(signature, for: Array(text.utf8))
    }
}
