import CZlib

/// Inflates bytes that somebody else compressed.
public enum Inflate {
    /// The content of one gzip member.
    ///
    /// Inflates piece by piece and throws `tooLarge` as soon as the content exceeds `maximumBytes`, so a bomb costs no
    /// more than that and one piece of 64 KiB. Anything after the first member is refused as `trailingBytes`, further
    /// members too: nobody whom we serve writes them, and readers disagree about them.
    public static func gunzip(_ bytes: [UInt8], maximumBytes: Int) throws(CompressionError) -> [UInt8] {
        try inflate(bytes, windowBits: Wrapping.gzip.windowBits, maximumBytes: maximumBytes)
    }

    /// The content of zlib data, with the bounds of `gunzip`.
    public static func zlib(_ bytes: [UInt8], maximumBytes: Int) throws(CompressionError) -> [UInt8] {
        try inflate(bytes, windowBits: Wrapping.zlib.windowBits, maximumBytes: maximumBytes)
    }

    /// The content of gzip or zlib data, whichever it is, with the bounds of `gunzip`.
    public static func detecting(_ bytes: [UInt8], maximumBytes: Int) throws(CompressionError) -> [UInt8] {
        try inflate(bytes, windowBits: 15 + 32, maximumBytes: maximumBytes)
    }

    private static func inflate(
        _ bytes: [UInt8], windowBits: Int32, maximumBytes: Int
    ) throws(CompressionError) -> [UInt8] {
        let stream = ZStream()
        let status = unsafe inflateInit2_(
            stream.pointer, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .failed(code: status) }
        defer { unsafe _ = inflateEnd(stream.pointer) }

        return try unsafe stream.drain(bytes, maximumBytes: maximumBytes) { (pointer, _) in
            unsafe CZlib.inflate(pointer, Z_NO_FLUSH)
        }
    }
}
