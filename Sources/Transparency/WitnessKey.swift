import Crypto
import StrictJSON

/// The public half of a witness's key: `<name>+<id in hex>+<base64>`, Ed25519 as `cosignature/v1` (C2SP tlog-cosignature).
public struct WitnessKey: Sendable, CustomStringConvertible {
    /// The witness's name, which stands in its signature lines.
    public let name: String
    /// The id that stands in its signature lines.
    public let id: UInt32
    private let publicKey: Curve25519.Signing.PublicKey

    /// Reads the text form.
    ///
    /// Some witnesses publish their key as that of a plain note, with the type 1 in the place of 4; it is the same key,
    /// and what it cosigns bears the id of type 4 all the same.
    /// - Throws: ``TransparencyError/malformed(_:)``.
    public init(_ text: String) throws(TransparencyError) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, KeyName.isValid(parts[0]), let bytes = Base64.decode(parts[2]), bytes.count == 33,
            [KeyName.cosigner, KeyName.ed25519].contains(bytes[0]),
            let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes.dropFirst())
        else { throw .malformed("verifier key") }
        let raw = Array(bytes.dropFirst())
        guard KeyName.hex(KeyName.keyID(name: parts[0], type: bytes[0], publicKey: raw)) == parts[1] else {
            throw .malformed("verifier key")
        }
        name = parts[0]
        id = KeyName.keyID(name: parts[0], type: KeyName.cosigner, publicKey: raw)
        self.publicKey = publicKey
    }

    /// Name and id, by which its cosignatures are told apart.
    public var mark: String { "\(name)+\(KeyName.hex(id))" }

    /// The text form, with the type of cosignatures.
    public var description: String {
        "\(mark)+\(Base64.encode([KeyName.cosigner] + publicKey.rawRepresentation))"
    }

    /// The cosignatures by this key among some lines, for a note's text; lines by others are passed over.
    ///
    /// - Throws: ``TransparencyError/badSignature(_:)`` when a line bears this key's name and id and is not by it.
    public func cosignatures(
        among lines: [NoteSignature], of text: String
    ) throws(TransparencyError) -> [Cosignature] {
        var found: [Cosignature] = []
        for line in lines where line.name == name && line.keyID == id {
            guard let cosignature = Cosignature(line),
                publicKey.isValidSignature(cosignature.signature, for: Array(cosignature.message(text).utf8))
            else { throw .badSignature(name) }
            found.append(cosignature)
        }
        return found
    }
}
