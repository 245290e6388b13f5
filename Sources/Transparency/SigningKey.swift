import Crypto
import StrictJSON

/// The secret half of a note's key, Ed25519 only.
///
/// Its text form, `PRIVATE+KEY+<name>+<id in hex>+<base64>`, is that of Go's `note` package, which the tools around
/// C2SP's formats read.
public struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey
    /// The public half.
    public let verifier: VerifierKey

    /// The name that stands in the signature line; for a log its origin.
    public var name: String { verifier.name }

    /// A new random key; nil when the name may not stand in a note.
    public static func make(name: String) -> SigningKey? {
        SigningKey(name: name, key: Curve25519.Signing.PrivateKey())
    }

    /// A key from its 32-byte seed; nil when the name may not stand in a note or the seed has another length.
    public init?(name: String, seed: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
        self.init(name: name, key: key)
    }

    private init?(name: String, key: Curve25519.Signing.PrivateKey) {
        guard let verifier = VerifierKey(name: name, publicKey: key.publicKey) else { return nil }
        self.key = key
        self.verifier = verifier
    }

    /// Reads the text form; the id must be the one that follows from name and key.
    ///
    /// - Throws: ``TransparencyError/malformed(_:)``, which never quotes the text.
    public init(_ text: String) throws(TransparencyError) {
        let parts = text.split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[0] == "PRIVATE", parts[1] == "KEY", let bytes = Base64.decode(parts[4]),
            bytes.count == 33, bytes[0] == KeyName.ed25519,
            let key = SigningKey(name: parts[2], seed: Array(bytes.dropFirst())),
            KeyName.hex(key.verifier.id) == parts[3]
        else { throw .malformed("signing key") }
        self = key
    }

    /// The same key under another name, as for a log's next origin; nil when the name may not stand in a note.
    public func named(_ name: String) -> SigningKey? { SigningKey(name: name, key: key) }

    /// The text form.
    ///
    /// Secret: write it with mode 600.
    public var secretText: String {
        let bytes = [KeyName.ed25519] + key.rawRepresentation
        return "PRIVATE+KEY+\(name)+\(KeyName.hex(verifier.id))+\(Base64.encode(bytes))"
    }

    /// The signature over a note's text, which must end in a newline.
    ///
    /// Deterministic (RFC 8032), so signing the same text again gives the same note.
    func signature(for text: String) -> NoteSignature {
        guard let bytes = try? key.signature(for: Array(text.utf8)) else {
            preconditionFailure("Ed25519 signs any text")
        }
        return NoteSignature(name: name, keyID: verifier.id, bytes: [UInt8](bytes))
    }
}
