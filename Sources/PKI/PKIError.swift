/// Why a key was not made, read, or used.
public enum PKIError: Error, Sendable, Equatable {
    /// The bytes are no key of the expected form.
    case malformed
    /// The passphrase does not open the key, or the encrypted bytes are damaged: the two cannot be told apart.
    case wrongPassphrase
    /// The passphrase is empty or longer than 1,024 bytes.
    case unusablePassphrase
    /// The key is no RSA key.
    case notRSA
    /// The key is shorter than 2,048 or longer than 8,192 bits.
    case unsupportedSize
    /// The library failed; `operation` is the name of its function.
    case failed(operation: String)
}
