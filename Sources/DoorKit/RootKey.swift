public import AccountDomain
import EventCoding

/// The key that may do everything; only its digest is kept.
public struct RootKey: Sendable {
    /// A text that cannot be a root key.
    public enum Invalid: Error, Sendable, Equatable, CustomStringConvertible {
        /// It is not of the form `appId.keyid:secret`.
        case malformed
        /// Its secret is shorter than ``RootKey/minimumSecretLength``.
        case secretTooShort

        /// One line for whoever configures the program.
        public var description: String {
            switch self {
            case .malformed: "the root key must have the form appId.keyid:secret, in visible ASCII characters"
            case .secretTooShort: "the secret of the root key must have at least \(minimumSecretLength) characters"
            }
        }
    }

    /// How many characters a secret has at least: 128 bits in base64.
    public static let minimumSecretLength = 22

    /// The part before the dot: root's name, and the first part of every key that is issued.
    public let applicationID: String
    /// The part between the dot and the colon, which is not secret.
    public let keyID: String
    private let digest: Digest
    /// Of the header by which clients present it most often, so that no parsing is needed for it.
    private let headerDigest: Digest

    /// Takes a configured root key.
    ///
    /// - Throws: ``Invalid``.
    public init(_ text: String) throws(Invalid) {
        guard let key = KeyString(text) else { throw .malformed }
        guard key.secret.utf8.count >= Self.minimumSecretLength else { throw .secretTooShort }
        applicationID = key.applicationID
        keyID = key.keyID
        digest = Digest.sha256(of: Array(text.utf8))
        headerDigest = Digest.sha256(of: Array("Bearer \(text)".utf8))
    }

    /// Whether the key string with this digest is the root key; takes the same time whether it is or not.
    public func matches(_ presented: Digest) -> Bool { presented == digest }

    /// Whether an `Authorization` header is `Bearer` and the root key; takes the same time whether it is or not.
    func isPresented(by header: String) -> Bool { Digest.sha256(of: Array(header.utf8)) == headerDigest }
}
