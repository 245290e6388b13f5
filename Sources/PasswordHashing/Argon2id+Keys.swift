import CArgon2

extension Argon2id {
    /// Derives a key of `byteCount` bytes from a passphrase, for sealing something under it (RFC 9106).
    ///
    /// The same passphrase, salt and parameters give the same key, so salt and parameters are kept beside what is
    /// sealed. Throws `outOfRange` for parameters that are too dear or impossible, or a salt not of 8 to 64 bytes: what
    /// stands in a file need not have been written by us.
    public static func key(
        passphrase: [UInt8], salt: [UInt8], parameters: Parameters, byteCount: Int = 32
    ) throws(PasswordHashingError) -> [UInt8] {
        guard parameters.areAllowed, saltBytes.contains(salt.count), (16...64).contains(byteCount) else {
            throw .outOfRange
        }
        var key = [UInt8](repeating: 0, count: byteCount)
        let status = unsafe passphrase.withUnsafeBytes { passphrase in
            unsafe salt.withUnsafeBytes { salt in
                unsafe argon2id_hash_raw(
                    UInt32(parameters.iterations), UInt32(parameters.memoryKiB), UInt32(parameters.parallelism),
                    passphrase.baseAddress, passphrase.count, salt.baseAddress, salt.count, &key, byteCount)
            }
        }
        guard status != ARGON2_MEMORY_ALLOCATION_ERROR.rawValue else { throw .outOfMemory }
        guard status == ARGON2_OK.rawValue else { throw .failed(code: status) }
        return key
    }
}
