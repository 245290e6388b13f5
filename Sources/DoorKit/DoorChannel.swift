import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// What a Hummingbird server does with each connection: our own pipeline, and a loop that answers.
///
/// The pipeline parses with NIO's strict HTTP/1.1 decoder and hands on complete requests; answers are bytes already, so
/// each request crosses between event loop and task once in either direction.
struct DoorChannel: ServerChildChannel {
    typealias Value = NIOAsyncChannel<Incoming, ResponsePart>

    let core: ServerCore

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = core.configuration.maximumHeaderBytes
            limits.maxHeaderListSize = core.configuration.maximumHeaderBytes
            limits.maxHeaderFieldCount = core.configuration.maximumHeaderFields
            let connection = ConnectionHandler(core: core)
            let decoder = HTTPRequestDecoder(
                leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(HeadMeter(connection))
            try pipeline.addHandler(ByteToMessageHandler(decoder))
            try pipeline.addHandler(connection)
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            try await withTaskCancellationHandler {
                try await value.executeThenClose { inbound, outbound in
                    for try await incoming in inbound {
                        try await answer(incoming, outbound)
                    }
                    outbound.finish()
                    try await value.channel.closeFuture.get()
                }
            } onCancel: {
                value.channel.close(promise: nil)
            }
        } catch {
            // The client went away, which is its right.
            logger.trace("connection ended early")
        }
    }

    private func answer(_ incoming: Incoming, _ outbound: NIOAsyncChannelOutboundWriter<ResponsePart>) async throws {
        let isLogged = core.logger.logLevel <= .info
        let start = isLogged ? ContinuousClock.now : nil
        var response = await core.respond(to: incoming)
        core.heldBodyBytes.release(incoming.heldBytes)
        do {
            if try await !send(response, for: incoming, outbound) {
                core.logger.error(
                    "response header with control characters",
                    metadata: ["request_id": .stringConvertible(incoming.request.requestID)])
                response = Problem.internal.response()
                _ = try await send(response, for: incoming, outbound)
            }
        } catch {
            if let start { core.log(incoming.request, status: response.status, since: start) }
            throw error
        }
        if let start { core.log(incoming.request, status: response.status, since: start) }
    }

    /// Sends `response`.
    ///
    /// - Returns: false when its head cannot be sent; nothing was then.
    private func send(
        _ response: DoorResponse, for incoming: Incoming, _ outbound: NIOAsyncChannelOutboundWriter<ResponsePart>
    ) async throws -> Bool {
        let id = incoming.request.requestID
        let close = incoming.closes || core.drain.isDraining
        let date = core.date.now
        let isBare = incoming.request.method == .head || response.status == 204 || response.status == 304
        switch response.body {
        case .none:
            guard
                let head = ResponseEncoder.head(
                    response, requestID: id, framing: .length(0), close: close, date: date)
            else { return false }
            try await outbound.write(.whole(head, body: nil, close: close))
        case .bytes(let bytes):
            guard
                var head = ResponseEncoder.head(
                    response, requestID: id, framing: .length(bytes.count), close: close, date: date,
                    reserving: isBare ? 0 : bytes.count)
            else { return false }
            if !isBare { head.writeBytes(bytes) }
            try await outbound.write(.whole(head, body: nil, close: close))
        case .buffer(var buffer):
            let isCopied = buffer.readableBytes <= ResponseEncoder.copiedBytes
            guard
                var head = ResponseEncoder.head(
                    response, requestID: id, framing: .length(buffer.readableBytes), close: close, date: date,
                    reserving: isCopied ? buffer.readableBytes : 0)
            else { return false }
            if isBare || isCopied {
                if !isBare { head.writeBuffer(&buffer) }
                try await outbound.write(.whole(head, body: nil, close: close))
            } else {
                try await outbound.write(.whole(head, body: buffer, close: close))
            }
        case .stream(let write):
            let framing: ResponseEncoder.Framing = incoming.isHTTP11 ? .chunked : .untilClose
            guard
                let head = ResponseEncoder.head(
                    response, requestID: id, framing: framing, close: close || !incoming.isHTTP11, date: date)
            else { return false }
            guard !isBare else {
                try await outbound.write(.whole(head, body: nil, close: close || !incoming.isHTTP11))
                return true
            }
            try await outbound.write(.piece(head))
            let writer = StreamWriter(outbound: outbound, isChunked: incoming.isHTTP11, drain: core.drain)
            do {
                try await write(writer)
            } catch {
                core.logger.debug(
                    "stream ended early",
                    metadata: ["request_id": .stringConvertible(id), "error": .string("\(type(of: error))")])
                try await outbound.write(.abort)
                return true
            }
            let terminator = incoming.isHTTP11 ? ByteBuffer(staticString: "0\r\n\r\n") : nil
            try await outbound.write(
                .end(terminator, close: close || !incoming.isHTTP11 || core.drain.isDraining))
        }
        return true
    }
}
