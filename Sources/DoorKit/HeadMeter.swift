import NIOCore

/// Sits before the parser and lets the connection see bytes that are no request yet.
final class HeadMeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: ConnectionHandler

    init(_ connection: ConnectionHandler) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard connection.bytesArrived(bytes) else { return }
        context.fireChannelRead(data)
        connection.bytesParsed(bytes)
    }
}
