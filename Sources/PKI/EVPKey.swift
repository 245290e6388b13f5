import COpenSSL

/// Owns one key of the library.
@safe final class EVPKey: Sendable {
    /// Sizes that are safe enough and still cheap enough to compute with.
    static let sizes = 2_048...8_192

    // Sound: the key is never changed once it is here, the library allows concurrent use of such a key, and this object
    // alone frees it.
    nonisolated(unsafe) let pointer: OpaquePointer

    /// Takes over `pointer`, which must hold an RSA key of a size that is served.
    init(takingOwnershipOf pointer: OpaquePointer) throws(PKIError) {
        unsafe self.pointer = unsafe pointer
        guard unsafe EVP_PKEY_is_a(pointer, "RSA") == 1 else { throw .notRSA }
        guard unsafe Self.sizes.contains(Int(EVP_PKEY_get_bits(pointer))) else { throw .unsupportedSize }
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }

    /// The size of the modulus.
    var bits: Int { unsafe Int(EVP_PKEY_get_bits(pointer)) }

    /// The public half, as DER of a SubjectPublicKeyInfo.
    func encodePublicKey() throws(PKIError) -> [UInt8] {
        let count = unsafe i2d_PUBKEY(pointer, nil)
        guard count > 0 else { throw .library("i2d_PUBKEY") }
        var written: Int32 = 0
        let der = unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            var end = buffer.baseAddress
            written = unsafe i2d_PUBKEY(pointer, &end)
            initialized = max(0, Int(written))
        }
        guard written == count else { throw .library("i2d_PUBKEY") }
        return der
    }

    /// The public half in PEM.
    func encodePublicKeyPEM() throws(PKIError) -> String {
        let memory = try MemoryBIO()
        guard unsafe PEM_write_bio_PUBKEY(memory.pointer, pointer) == 1 else { throw .library("PEM_write_bio_PUBKEY") }
        return String(decoding: try memory.readAll(), as: UTF8.self)
    }

    /// Whether `signature` is one of this key over `message`.
    func verify(_ signature: [UInt8], over message: [UInt8], digest: RSADigest) throws(PKIError) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .library("EVP_MD_CTX_new") }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit(context, nil, digest.algorithm, nil, pointer) == 1 else {
            throw .library("EVP_DigestVerifyInit")
        }
        let status = unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(
                    context, signature.baseAddress, signature.count, message.baseAddress, message.count)
            }
        }
        // A wrong signature leaves an entry in the error queue of the thread.
        ERR_clear_error()
        return status == 1
    }
}

extension PKIError {
    /// The failure of a function of the library, whose error queue is emptied so that no later call meets it.
    static func library(_ operation: String) -> PKIError {
        ERR_clear_error()
        return .failed(operation: operation)
    }
}
