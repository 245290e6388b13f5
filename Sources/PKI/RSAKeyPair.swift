import COpenSSL

/// An RSA key pair.
///
/// The private half leaves only encrypted. Making a pair, opening one, and signing take milliseconds to seconds on the
/// calling thread: never do it on an event loop.
public struct RSAKeyPair: Sendable {
    /// The longest passphrase, which is what the library's reader has room for.
    private static let passphraseBytes = 1...1_024

    private let key: EVPKey
    /// The public half, as DER of a SubjectPublicKeyInfo.
    public let publicKeySPKI: [UInt8]

    private init(key: EVPKey) throws(PKIError) {
        self.key = key
        publicKeySPKI = try key.encodePublicKey()
    }

    /// Makes a new pair with the public exponent 65537.
    ///
    /// Throws `unsupportedSize` unless `bits` is a multiple of 1,024 from 2,048 to 8,192.
    public static func generate(bits: Int = 2_048) throws(PKIError) -> RSAKeyPair {
        guard EVPKey.sizes.contains(bits), bits % 1_024 == 0 else { throw .unsupportedSize }
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else {
            throw .library("EVP_PKEY_CTX_new_from_name")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) == 1
        else { throw .library("EVP_PKEY_keygen_init") }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_generate(context, &made) == 1, let made = unsafe made else {
            throw .library("EVP_PKEY_generate")
        }
        return try unsafe RSAKeyPair(key: EVPKey(takingOwnershipOf: made))
    }

    /// How many bytes ``derive(from:)`` wants.
    public static let seedBytes = DerivedRSAKey.seedBytes

    /// Makes the pair of 2,048 bits that follows from 256 secret random bytes: the same bytes give the same pair.
    public static func derive(from seed: [UInt8]) throws(PKIError) -> RSAKeyPair {
        try RSAKeyPair(key: DerivedRSAKey.make(from: seed))
    }

    /// Opens an EncryptedPrivateKeyInfo (PKCS #8, DER), with nothing behind it.
    public init(encryptedPKCS8 der: [UInt8], passphrase: [UInt8]) throws(PKIError) {
        guard Self.passphraseBytes.contains(passphrase.count) else { throw .unusablePassphrase }
        let memory = try MemoryBIO(der)
        guard let envelope = unsafe d2i_PKCS8_bio(memory.pointer, nil) else {
            ERR_clear_error()
            throw .malformed
        }
        unsafe X509_SIG_free(envelope)
        guard memory.count == 0 else { throw .malformed }

        let input = try MemoryBIO(der)
        let opened = unsafe passphrase.withUnsafeBytes { (bytes) -> OpaquePointer? in
            // Lives through the call, which is all that the callback needs.
            var bytes = unsafe bytes
            return unsafe withUnsafeMutablePointer(to: &bytes) { pointer in
                unsafe d2i_PKCS8PrivateKey_bio(input.pointer, nil, copyPassphrase, pointer)
            }
        }
        ERR_clear_error()
        guard let opened = unsafe opened else { throw .wrongPassphrase }
        try unsafe self.init(key: EVPKey(takingOwnershipOf: opened))
    }

    /// The private half as an EncryptedPrivateKeyInfo (PKCS #8, DER), different each time.
    ///
    /// PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256 of 2,048 iterations. That little stretching suits random secrets,
    /// which is what it is for; it would be too little for a password of a person.
    public func privateKeyPKCS8Encrypted(passphrase: [UInt8]) throws(PKIError) -> [UInt8] {
        // The library would ask at the terminal for an empty one.
        guard Self.passphraseBytes.contains(passphrase.count) else { throw .unusablePassphrase }
        let memory = try MemoryBIO()
        let status = unsafe passphrase.withUnsafeBytes { bytes in
            unsafe i2d_PKCS8PrivateKey_bio(
                memory.pointer, key.pointer, EVP_aes_256_cbc(), bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(bytes.count), nil, nil)
        }
        guard status == 1 else { throw .library("i2d_PKCS8PrivateKey_bio") }
        return try memory.readAll()
    }

    /// The size of the modulus.
    public var bits: Int { key.bits }

    /// The public half by itself.
    public var publicKey: RSAPublicKey { RSAPublicKey(key: key) }

    /// The public half in PEM, `BEGIN PUBLIC KEY`.
    public func publicKeyPEM() throws(PKIError) -> String { try key.encodePublicKeyPEM() }

    /// Signs `message` (PKCS #1 v1.5).
    public func sign(_ message: [UInt8], digest: RSADigest = .sha256) throws(PKIError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .library("EVP_MD_CTX_new") }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestSignInit(context, nil, digest.algorithm, nil, key.pointer) == 1 else {
            throw .library("EVP_DigestSignInit")
        }
        var length = (bits + 7) / 8
        var signature = [UInt8](repeating: 0, count: length)
        let status = unsafe message.withUnsafeBufferPointer { message in
            unsafe EVP_DigestSign(context, &signature, &length, message.baseAddress, message.count)
        }
        guard status == 1, length == signature.count else { throw .library("EVP_DigestSign") }
        return signature
    }

    /// Whether `signature` is one of this key over `message` (PKCS #1 v1.5).
    public func verify(
        _ signature: [UInt8], over message: [UInt8], digest: RSADigest = .sha256
    ) throws(PKIError) -> Bool {
        try key.verify(signature, over: message, digest: digest)
    }
}

/// Hands the passphrase behind `context` to the library; a C function, so that it may hold NUL bytes.
private func copyPassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _ isWriting: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let buffer = unsafe buffer, let context = unsafe context else { return -1 }
    let passphrase = unsafe context.assumingMemoryBound(to: UnsafeRawBufferPointer.self).pointee
    guard passphrase.count <= Int(size) else { return -1 }
    unsafe UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)).copyMemory(from: passphrase)
    return Int32(passphrase.count)
}
