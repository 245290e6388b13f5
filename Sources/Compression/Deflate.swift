import CZlib

/// Compresses bytes.
public enum Deflate {
    /// The bytes as one gzip member, the same for the same input: there is no time and no name in its header.
    public static func gzip(_ bytes: [UInt8]) throws(CompressionError) -> [UInt8] {
        try compress(bytes, as: .gzip)
    }

    /// The bytes in compressed form.
    public static func compress(_ bytes: [UInt8], as wrapping: Wrapping) throws(CompressionError) -> [UInt8] {
        let stream = ZStream()
        let status = unsafe deflateInit2_(
            stream.pointer, Z_DEFAULT_COMPRESSION, Z_DEFLATED, wrapping.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .failed(code: status) }
        defer { unsafe _ = deflateEnd(stream.pointer) }

        return try unsafe stream.drain(bytes, maximumBytes: .max) { (pointer, isLast) in
            unsafe deflate(pointer, isLast ? Z_FINISH : Z_NO_FLUSH)
        }
    }
}
