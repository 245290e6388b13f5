import Logging
import NIOCore
import Synchronization

/// What all connections of a server share.
final class ServerCore: Sendable {
    /// The configured durations as the event loops count time.
    struct Limits: Sendable {
        let head: TimeAmount
        let body: TimeAmount
        let idle: TimeAmount
        let write: TimeAmount
    }

    /// Bodies up to this size are not counted against the memory for bodies.
    static let freeBodyBytes = 16 << 10

    let configuration: HTTPServerConfiguration
    let limits: Limits
    /// How often a connection looks at its deadlines.
    let tickInterval: TimeAmount
    let table: RouteTable
    let doors: [any Door]
    let drain: Drain
    let counters: ServerCounters
    let heldBodyBytes: ByteBudget
    let date = HTTPDate()
    let logger: Logger
    let requestLog: (any RequestLog)?
    /// Which door answers under which prefix, the longest first.
    private let prefixes: [(prefix: String, door: Int)]

    init(
        configuration: HTTPServerConfiguration, doors: [any Door], logger: Logger, drain: Drain,
        counters: ServerCounters, requestLog: (any RequestLog)?
    ) throws(RouteConflict) {
        self.configuration = configuration
        self.drain = drain
        self.counters = counters
        self.logger = logger
        self.requestLog = requestLog
        self.doors = doors
        limits = Limits(
            head: TimeAmount(configuration.headDeadline), body: TimeAmount(configuration.bodyDeadline),
            idle: TimeAmount(configuration.idleTimeout), write: TimeAmount(configuration.writeDeadline))
        let shortest = min(limits.head, limits.body, limits.idle, limits.write)
        tickInterval = max(.milliseconds(10), min(.seconds(2), .nanoseconds(shortest.nanoseconds / 4)))
        heldBodyBytes = ByteBudget(limit: configuration.maximumHeldBodyBytes)
        var routes = Routes()
        for (number, door) in doors.enumerated() { routes.register(door, number: number) }
        table = try RouteTable(routes.list)
        prefixes = doors.enumerated()
            .flatMap { number, door in door.prefixes.map { (prefix: $0, door: number) } }
            .sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
    }

    func limit(of route: Route) -> Int {
        switch route.bodyLimit {
        case .ordinary: configuration.maximumBodyBytes
        case .upload: configuration.maximumUploadBytes
        case .bytes(let count): count
        }
    }

    /// Runs the handler, and gives the answer whatever it throws.
    func respond(to incoming: Incoming) async -> DoorResponse {
        switch incoming.outcome {
        case .answer(let response): return response
        case .problem(let problem, let known):
            let path = incoming.request.path
            let door = known ?? prefixes.first { path.hasPrefix($0.prefix) }?.door
            return answer(to: problem, incoming.request, door.map { doors[$0] })
        case .route(let route):
            do {
                return try await route.handler(incoming.request)
            } catch {
                return answer(to: error, incoming.request, doors[route.door])
            }
        }
    }

    private func answer(to error: any Error, _ request: DoorRequest, _ door: (any Door)?) -> DoorResponse {
        if let response = door?.answer(to: error, for: request) { return response }
        if let problem = error as? Problem { return problem.response() }
        // Only the type, unless the error promises to say nothing of the client's: logs outlive erasures.
        logger.error(
            "request failed",
            metadata: [
                "request_id": .stringConvertible(request.requestID),
                "route": .string(request.template),
                "error": .string(String(reflecting: type(of: error))),
                "description": .string((error as? any SafelyDescribed)?.safeDescription ?? ""),
            ])
        return door?.answer(to: Problem.internal, for: request) ?? Problem.internal.response()
    }

    /// The one line of each request.
    func log(_ request: DoorRequest, status: Int, since start: ContinuousClock.Instant) {
        let duration = ContinuousClock.now - start
        if let requestLog { return requestLog.write(request, status: status, duration: duration) }
        logger.info(
            "request",
            metadata: [
                "method": .string(request.method.name),
                "route": .string(request.template),
                "status": .stringConvertible(status),
                "duration_us": .stringConvertible(Int(duration / .microseconds(1))),
                "request_id": .stringConvertible(request.requestID),
            ])
    }
}

/// Writes one line for each request: its template, never its path.
public protocol RequestLog: Sendable {
    /// Writes the line of a request that was answered.
    func write(_ request: DoorRequest, status: Int, duration: Duration)
}

/// What went wrong at the edge, for the metrics.
public final class ServerCounters: Sendable {
    /// A number that only rises.
    public final class Counter: Sendable {
        private let count = Atomic(0)

        func add() { count.wrappingAdd(1, ordering: .relaxed) }

        /// The number.
        public var value: Int { count.load(ordering: .relaxed) }
    }

    /// Makes counters at zero.
    public init() {}

    /// Requests that were no HTTP/1.1.
    public let malformedRequests = Counter()
    /// Clients that were cut because they were too slow.
    public let timeouts = Counter()
}

/// A bound on bytes held at one time.
final class ByteBudget: Sendable {
    private let held = Atomic(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func reserve(_ count: Int) -> Bool {
        guard held.wrappingAdd(count, ordering: .relaxed).newValue <= limit else {
            release(count)
            return false
        }
        return true
    }

    func release(_ count: Int) {
        if count > 0 { held.wrappingSubtract(count, ordering: .relaxed) }
    }
}
