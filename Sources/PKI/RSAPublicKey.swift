import COpenSSL

/// An RSA key that can only verify.
public struct RSAPublicKey: Sendable {
    private let key: EVPKey

    init(key: EVPKey) { self.key = key }

    /// Reads a SubjectPublicKeyInfo in DER, with nothing behind it.
    public init(spki: [UInt8]) throws(PKIError) {
        let pointer = unsafe spki.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            guard let start = buffer.baseAddress else { return nil }
            var next: UnsafePointer<UInt8>? = unsafe start
            guard let pointer = unsafe d2i_PUBKEY(nil, &next, buffer.count) else { return nil }
            guard unsafe next == start + buffer.count else {
                unsafe EVP_PKEY_free(pointer)
                return nil
            }
            return unsafe pointer
        }
        ERR_clear_error()
        guard let pointer = unsafe pointer else { throw .malformed }
        key = try unsafe EVPKey(takingOwnershipOf: pointer)
    }

    /// The size of the modulus.
    public var bits: Int { key.bits }

    /// The key as DER of a SubjectPublicKeyInfo.
    public func spki() throws(PKIError) -> [UInt8] { try key.encodePublicKey() }

    /// The key in PEM, `BEGIN PUBLIC KEY`.
    public func pem() throws(PKIError) -> String { try key.encodePublicKeyPEM() }

    /// Whether `signature` is one of this key over `message` (PKCS #1 v1.5).
    public func verify(
        _ signature: [UInt8], over message: [UInt8], digest: RSADigest = .sha256
    ) throws(PKIError) -> Bool {
        try key.verify(signature, over: message, digest: digest)
    }
}
