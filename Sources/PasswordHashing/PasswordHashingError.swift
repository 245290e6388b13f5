/// Why no hash was made or compared.
public enum PasswordHashingError: Error, Sendable, Equatable {
    /// The text is no argon2id hash of version 1.3.
    case malformed
    /// The cost, or the length of salt or hash, is outside of what is allowed.
    case outOfRange
    /// There was not enough memory for the run.
    case outOfMemory
    /// The library failed otherwise, with its own code.
    case failed(code: Int32)
}
