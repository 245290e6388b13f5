import COpenSSL

/// The digest of an RSA signature (PKCS #1 v1.5).
public enum RSADigest: Sendable, Equatable, CaseIterable {
    /// `RS256` of JSON Web Tokens.
    case sha256
    /// `RS384`.
    case sha384
    /// `RS512`.
    case sha512

    /// The library's object, which lives as long as the process.
    var algorithm: OpaquePointer? {
        switch self {
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        case .sha512: unsafe EVP_sha512()
        }
    }
}
