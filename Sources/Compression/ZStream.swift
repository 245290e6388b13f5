import CZlib

/// The library's stream, at an address that never changes: the library keeps a pointer back to it and checks it.
@safe struct ZStream: ~Copyable {
    /// The size of the pieces in which output is taken.
    private static let pieceBytes = 64 << 10

    let pointer: UnsafeMutablePointer<z_stream>

    init() {
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: z_stream())
    }

    deinit {
        unsafe pointer.deinitialize(count: 1)
        unsafe pointer.deallocate()
    }

    /// Feeds `bytes` to `step` and collects what comes out until the stream ends.
    ///
    /// `step` runs the library once and is told whether it sees the last of the input.
    borrowing func drain(
        _ bytes: [UInt8], maximumBytes: Int, step: (UnsafeMutablePointer<z_stream>, Bool) -> Int32
    ) throws(CompressionError) -> [UInt8] {
        let stream = unsafe pointer
        return try unsafe bytes.withUnsafeBufferPointer { (input) throws(CompressionError) -> [UInt8] in
            var output: [UInt8] = []
            var fed = 0
            let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Self.pieceBytes)
            defer { unsafe piece.deallocate() }
            while true {
                // The library counts in 32 bits.
                let portion = min(input.count - fed, 1 << 30)
                // The library takes input as mutable by an old accident of its header, and only reads it.
                let next = unsafe input.baseAddress?.advanced(by: fed)
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: next)
                unsafe stream.pointee.avail_in = UInt32(portion)
                unsafe stream.pointee.next_out = piece.baseAddress
                unsafe stream.pointee.avail_out = UInt32(piece.count)
                let status = unsafe step(stream, fed + portion == input.count)
                let taken = unsafe portion - Int(stream.pointee.avail_in)
                let produced = unsafe piece.count - Int(stream.pointee.avail_out)
                fed += taken
                guard produced <= maximumBytes - output.count else { throw .tooLarge }
                unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: piece[..<produced]))
                switch status {
                case Z_STREAM_END:
                    guard fed == input.count else { throw .trailingBytes }
                    return output
                case Z_OK, Z_BUF_ERROR:
                    guard taken > 0 || produced > 0 else { throw .truncated }
                case Z_DATA_ERROR, Z_NEED_DICT: throw .corrupt
                default: throw .failed(code: status)
                }
            }
        }
    }
}
