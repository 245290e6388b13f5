/// Why bytes were not compressed or inflated.
public enum CompressionError: Error, Sendable, Equatable {
    /// The bytes are not of the format, or a check sum is wrong.
    case corrupt
    /// The bytes end too early.
    case truncated
    /// Something follows the end of the compressed data; a second gzip member counts as that.
    case trailingBytes
    /// The content is larger than allowed.
    case tooLarge
    /// The library failed otherwise, with its own code; running out of memory is the usual reason.
    case failed(code: Int32)
}
