import CArgon2

/// Password hashing with argon2id (RFC 9106), in the text form that other systems read too (PHC string).
///
/// A run takes milliseconds and megabytes on the calling thread: never call it on an event loop.
public enum Argon2id {
    /// The length of new hashes.
    private static let hashBytes = 32
    /// What every stored hash must keep to before it is run: a hostile one must not cost more than a slow one.
    static let saltBytes = 8...64

    /// Hashes `password` with `salt`, which must be random and of 8 to 64 bytes.
    ///
    /// The text holds salt and parameters, so it is all that has to be kept. Throws `outOfRange` for parameters or a
    /// salt that `verify` would refuse.
    public static func hash(
        password: [UInt8], salt: [UInt8], parameters: Parameters = .standard
    ) throws(PasswordHashingError) -> String {
        guard parameters.areAllowed, saltBytes.contains(salt.count) else { throw .outOfRange }
        let (iterations, memory) = (UInt32(parameters.iterations), UInt32(parameters.memoryKiB))
        let lanes = UInt32(parameters.parallelism)
        // Counts the NUL at the end too.
        let length = argon2_encodedlen(iterations, memory, lanes, UInt32(salt.count), UInt32(hashBytes), Argon2_id)
        var text = [CChar](repeating: 0, count: length)
        let status = unsafe password.withUnsafeBytes { password in
            unsafe salt.withUnsafeBytes { salt in
                unsafe argon2id_hash_encoded(
                    iterations, memory, lanes, password.baseAddress, password.count, salt.baseAddress, salt.count,
                    hashBytes, &text, length)
            }
        }
        try check(status)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Hashes `password` with `salt` at the given cost.
    public static func hash(
        password: [UInt8], salt: [UInt8], memoryKiB: Int, iterations: Int, parallelism: Int
    ) throws(PasswordHashingError) -> String {
        let parameters = Parameters(memoryKiB: memoryKiB, iterations: iterations, parallelism: parallelism)
        return try hash(password: password, salt: salt, parameters: parameters)
    }

    /// Whether `password` is the one that `phc` was made of.
    ///
    /// The text is read and its cost bounded before anything runs; hashes are compared in constant time. Throws
    /// `malformed` or `outOfRange` for a text that is no such hash, which is no statement about the password.
    public static func verify(password: [UInt8], phc: String) throws(PasswordHashingError) -> Bool {
        _ = try PHCString(phc)
        let status = unsafe password.withUnsafeBytes { password in
            unsafe phc.withCString { unsafe argon2id_verify($0, password.baseAddress, password.count) }
        }
        guard status != ARGON2_VERIFY_MISMATCH.rawValue else { return false }
        try check(status)
        return true
    }

    /// Whether `phc` should be made anew, at the next login, because its cost is not `parameters` or it is unreadable.
    public static func needsRehash(phc: String, parameters: Parameters = .standard) -> Bool {
        guard let stored = try? PHCString(phc) else { return true }
        return stored.parameters != parameters || stored.hashBytes != hashBytes
    }

    private static func check(_ status: Int32) throws(PasswordHashingError) {
        switch status {
        case ARGON2_OK.rawValue: return
        case ARGON2_MEMORY_ALLOCATION_ERROR.rawValue: throw .outOfMemory
        case ARGON2_DECODING_FAIL.rawValue, ARGON2_DECODING_LENGTH_FAIL.rawValue: throw .malformed
        default: throw .failed(code: status)
        }
    }
}
