/// What is put around the compressed data.
public enum Wrapping: Sendable, Equatable {
    /// RFC 1952, with a CRC-32 and a length.
    case gzip
    /// RFC 1950, with an Adler-32.
    case zlib

    /// The library's number for this format with its largest window.
    var windowBits: Int32 {
        switch self {
        case .gzip: 15 + 16
        case .zlib: 15
        }
    }
}
