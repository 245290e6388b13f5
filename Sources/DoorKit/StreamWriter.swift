public import NIOCore

/// Writes the body of a streamed response, piece by piece.
///
/// A write returns when the connection can take more, so a slow reader slows its source down; one that stops reading is
/// cut after the write deadline, and the write then throws.
public struct StreamWriter: Sendable {
    let outbound: NIOAsyncChannelOutboundWriter<ResponsePart>
    let isChunked: Bool
    /// Begins when the server goes down; streams without an end of their own must end then.
    public let drain: Drain

    /// Writes bytes; an empty piece writes nothing.
    public func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count + 24)
        if isChunked { Self.writeSize(bytes.count, &buffer) }
        buffer.writeBytes(bytes)
        if isChunked { buffer.writeStaticString("\r\n") }
        try await outbound.write(.piece(buffer))
    }

    /// Writes bytes; an empty piece writes nothing.
    public func write(_ bytes: ByteBuffer) async throws { try await write(Array(bytes.readableBytesView)) }

    private static func writeSize(_ count: Int, _ buffer: inout ByteBuffer) {
        var shift = (Int.bitWidth - count.leadingZeroBitCount - 1) / 4 * 4
        while shift >= 0 {
            buffer.writeInteger(HexDigit.character(UInt8(truncatingIfNeeded: count >> shift) & 15))
            shift -= 4
        }
        buffer.writeStaticString("\r\n")
    }
}
