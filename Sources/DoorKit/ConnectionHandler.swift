import NIOCore
import NIOHTTP1

/// One connection's requests, put together from their parts, and its deadlines.
///
/// A request is handed on when it is complete or refused, so that whoever answers never waits for a client. The whole
/// state is confined to the connection's event loop.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Incoming
    typealias OutboundIn = ResponsePart
    typealias OutboundOut = ByteBuffer

    /// A request whose body is still arriving.
    private struct Pending {
        let head: RequestHead
        let route: Route
        let limit: Int
        var body = ByteBuffer()
        var heldBytes = 0
    }

    private let core: ServerCore
    private var phase = ConnectionPhase.idle(since: .now())
    private var pending: Pending?
    /// Requests handed on and not yet answered.
    private var unanswered = 0
    private var isQuiescing = false
    private var isInputClosed = false
    private var unwritableSince: NIODeadline?
    private var headBytes = 0
    /// How long the request line is, nil as long as its end is not here.
    private var requestLineBytes: Int?
    /// Whether the bytes that are being parsed began between requests, or inside of a head.
    private var isChunkOfHead = false
    /// What is here of a line that begins with a strange method.
    private var strangeLine = StrangeLine()
    private var ids = RequestIDSource()
    private var peer = NetworkAddress.loopback
    private var tick: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(core: ServerCore) { self.core = core }

    // MARK: Lifetime

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        peer = context.remoteAddress?.ipAddress.flatMap { NetworkAddress($0) } ?? .loopback
        scheduleTick()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        release()
        tick?.cancel()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        release()
        tick?.cancel()
        context.fireChannelInactive()
    }

    private func release() {
        core.heldBodyBytes.release(pending?.heldBytes ?? 0)
        pending = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            isQuiescing = true
            guard case .idle = phase else { return }
            // The last answer may not be out yet.
            if unwritableSince == nil {
                context.close(promise: nil)
            } else {
                finish(ByteBuffer(), lingers: false, promise: nil)
            }
            return
        }
        if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
            if case .lingering = phase { return context.close(promise: nil) }
            stopListening()
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Nothing more will be read: what was handed on is answered, what is here in part is dropped.
    private func stopListening() {
        guard phase.isListening else { return }
        release()
        if unanswered > 0 {
            phase = .deaf
        } else {
            finish(ByteBuffer(), promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unwritableSince = context.channel.isWritable ? nil : .now()
        if unwritableSince == nil, case .idle = phase { phase = .idle(since: .now()) }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Deadlines

    private func scheduleTick() {
        guard let context else { return }
        tick = context.eventLoop.assumeIsolated().scheduleTask(in: core.tickInterval) { self.checkDeadlines() }
    }

    private func checkDeadlines() {
        guard let context else { return }
        let now = NIODeadline.now()
        if let unwritableSince, now - unwritableSince > core.limits.write {
            core.counters.timeouts.add()
            return context.close(promise: nil)
        }
        if core.drain.isOver { return context.close(promise: nil) }
        switch phase {
        case .idle(let since) where unwritableSince == nil && now - since > core.limits.idle:
            return context.close(promise: nil)
        case .head(let since) where now - since > core.limits.head,
            .strangeMethod(let since) where now - since > core.limits.head:
            core.counters.timeouts.add()
            fail(Problem(.requestTimeout, "The head of the request did not arrive in time."))
        case .body(let since) where now - since > core.limits.body:
            core.counters.timeouts.add()
            fail(Problem(.requestTimeout, "The body of the request did not arrive in time."))
        case .leaving(let since) where now - since > core.limits.write:
            core.counters.timeouts.add()
            return context.close(promise: nil)
        case .lingering(let since) where now - since > .seconds(2):
            return context.close(promise: nil)
        default: break
        }
        scheduleTick()
    }

    // MARK: Bytes, before they are parsed

    /// Takes note of bytes that arrived.
    ///
    /// - Returns: false when they are to be thrown away.
    func bytesArrived(_ bytes: ByteBuffer) -> Bool {
        switch phase {
        case .deaf, .leaving, .lingering: return false
        case .strangeMethod:
            readStrangeLine(bytes)
            return false
        case .idle:
            phase = .head(since: .now())
            headBytes = 0
            requestLineBytes = nil
            isChunkOfHead = true
        case .head, .answering: isChunkOfHead = true
        case .body: isChunkOfHead = false
        }
        if case .head = phase {
            if requestLineBytes == nil {
                let view = bytes.readableBytesView
                requestLineBytes = view.firstIndex(of: UInt8(ascii: "\n")).map { headBytes + $0 - view.startIndex }
            }
            headBytes += bytes.readableBytes
        }
        return true
    }

    /// Looks at bytes that the parser has seen: whether the head is still incomplete and too long already, or has a
    /// method that the parser does not know.
    func bytesParsed(_ bytes: ByteBuffer) {
        if case .strangeMethod = phase { return readStrangeLine(bytes) }
        guard case .head = phase, headBytes > core.configuration.maximumHeaderBytes else { return }
        failOverflow()
    }

    private func failOverflow() {
        if let requestLineBytes, requestLineBytes <= core.configuration.maximumTargetBytes {
            fail(Problem(.headerTooLarge, "The header fields are too large or too many."))
        } else {
            fail(Problem(.targetTooLong, "The request target is too long."))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
        core.counters.malformedRequests.add()
        switch error {
        case .headerOverflow: failOverflow()
        case .invalidMethod where isChunkOfHead: phase = .strangeMethod(since: .now())
        case .invalidMethod: fail(Problem(.notImplemented, "The method is not known."))
        // The client stopped in mid request, or said that it would send no more and did.
        case .invalidEOFState, .closedConnection: stopListening()
        default: fail(Problem(.malformedRequest, "The request is not HTTP/1.1 as RFC 9112 has it."))
        }
    }

    /// Answers a request with a method that the parser does not know as any other that its path does not know.
    private func readStrangeLine(_ bytes: ByteBuffer) {
        guard let context else { return }
        switch strangeLine.append(bytes.readableBytesView, limit: core.configuration.maximumTargetBytes) {
        case .incomplete: break
        case .tooLong: fail(Problem(.targetTooLong, "The request target is too long."))
        case .malformed: fail(Problem(.malformedRequest, "The request is not HTTP/1.1 as RFC 9112 has it."))
        case .complete(let target, let version):
            // Its fields are not read, so the connection cannot go on behind it.
            let head = RequestHead(
                HTTPRequestHead(
                    version: version, method: .RAW(value: ""), uri: target, headers: ["Host": "unread"]),
                ids: &ids, core: core)
            hand(on: head, outcome: head.outcome, closes: true, context)
            phase = .deaf
        }
    }

    /// Answers without a request that could be handed on, and hangs up.
    private func fail(_ problem: Problem) {
        guard let context else { return }
        release()
        guard phase.isListening else { return }
        phase = .deaf
        guard unanswered == 0 else { return }
        let response = problem.response()
        guard case .bytes(let body) = response.body,
            var bytes = ResponseEncoder.head(
                response, requestID: ids.next(), framing: .length(body.count), close: true, date: core.date.now)
        else { return context.close(promise: nil) }
        bytes.writeBytes(body)
        finish(bytes, promise: nil)
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase.isListening else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let bytes): append(bytes, context)
        case .end: complete(context)
        }
    }

    private func begin(_ httpHead: HTTPRequestHead, _ context: ChannelHandlerContext) {
        phase = .body(since: .now())
        isChunkOfHead = false
        let head = RequestHead(httpHead, ids: &ids, core: core)
        switch head.outcome {
        case .answer, .problem:
            hand(on: head, outcome: head.outcome, closes: head.expectsBody, context)
            if head.expectsBody { phase = .deaf }
        case .route(let route):
            let limit = core.limit(of: route)
            if let length = head.declaredLength, length > limit {
                return refuse(Pending(head: head, route: route, limit: limit), Self.tooLarge, context)
            }
            if head.awaitsContinue, head.expectsBody {
                var bytes = context.channel.allocator.buffer(capacity: 32)
                bytes.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
                // With earlier answers outstanding it would land in the middle of them; the client goes on by itself.
                if unanswered == 0 { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
            }
            pending = Pending(head: head, route: route, limit: limit)
        }
    }

    private static let tooLarge = Problem(.tooLarge, "The body is larger than this route takes.")

    private func append(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        // Taken out while it grows, so that the buffer has one owner and is not copied.
        guard var pending = self.pending.take() else { return }
        let size = pending.body.readableBytes + bytes.readableBytes
        guard size <= pending.limit else { return refuse(pending, Self.tooLarge, context) }
        if size > ServerCore.freeBodyBytes {
            guard core.heldBodyBytes.reserve(size - pending.heldBytes) else {
                return refuse(pending, .unavailable(), context)
            }
            pending.heldBytes = size
        }
        if pending.body.readableBytes == 0 {
            pending.body = bytes
        } else {
            var bytes = bytes
            pending.body.writeBuffer(&bytes)
        }
        self.pending = pending
    }

    private func refuse(_ pending: Pending, _ problem: Problem, _ context: ChannelHandlerContext) {
        core.heldBodyBytes.release(pending.heldBytes)
        let isDeferred = pending.route.defersRefusals && problem.slug == .tooLarge
        hand(
            on: pending.head, outcome: isDeferred ? .route(pending.route) : .problem(problem, door: pending.route.door),
            bodyProblem: isDeferred ? problem : nil, closes: true, context)
        phase = .deaf
    }

    private func complete(_ context: ChannelHandlerContext) {
        phase = unanswered == 0 && pending == nil ? .idle(since: .now()) : .answering
        guard let pending = self.pending.take() else { return }
        hand(on: pending.head, outcome: .route(pending.route), body: pending.body, held: pending.heldBytes, context)
    }

    private func hand(
        on head: RequestHead, outcome: Incoming.Outcome, body: ByteBuffer = ByteBuffer(),
        bodyProblem: Problem? = nil, held: Int = 0, closes: Bool = false, _ context: ChannelHandlerContext
    ) {
        var template = ""
        if case .route(let route) = outcome { template = route.template }
        let request = DoorRequest(
            method: head.method, template: template, path: head.path, values: head.values, query: head.query,
            queryProblem: head.queryProblem, headers: head.headers, body: body,
            bodyProblem: bodyProblem ?? head.bodyProblem, requestID: head.requestID, peerAddress: peer,
            proxies: core.configuration.trustedProxies)
        unanswered += 1
        let incoming = Incoming(
            request: request, outcome: outcome, isHTTP11: head.isHTTP11, closes: closes || !head.isKeepAlive,
            heldBytes: held)
        context.fireChannelRead(wrapInboundOut(incoming))
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .whole(let head, let body, let close):
            if let body {
                context.write(wrapOutboundOut(head), promise: nil)
                answered(body, close: close, promise, context)
            } else {
                answered(head, close: close, promise, context)
            }
        case .piece(let bytes):
            context.write(wrapOutboundOut(bytes), promise: promise)
        case .end(let bytes, let close):
            answered(bytes ?? context.channel.allocator.buffer(capacity: 0), close: close, promise, context)
        case .abort:
            context.close(promise: promise)
        }
    }

    private func answered(
        _ bytes: ByteBuffer, close: Bool, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
    ) {
        unanswered -= 1
        var isDeaf = false
        if case .leaving = phase {
            // It was said that the answer before this one is the last.
            promise?.succeed()
            return
        }
        if case .deaf = phase { isDeaf = true }
        if close || (unanswered == 0 && (isDeaf || isQuiescing)) {
            return finish(bytes, promise: promise)
        }
        if unanswered == 0, case .answering = phase { phase = .idle(since: .now()) }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    /// Writes the last bytes of the connection and hangs up once they are out.
    ///
    /// First the sending side only: closing while the client still sends would reset the connection and could destroy
    /// the answer before it is read.
    private func finish(_ bytes: ByteBuffer, lingers: Bool = true, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        phase = .leaving(since: .now())
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in
            guard let context = self.context else { return }
            self.phase = .lingering(since: .now())
            context.close(mode: lingers && !self.isInputClosed ? .output : .all, promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        switch phase {
        // It is closed as soon as the last bytes are out.
        case .leaving, .lingering: promise?.succeed()
        case .idle, .head, .strangeMethod, .body, .answering, .deaf: finish(ByteBuffer(), promise: promise)
        }
    }
}
