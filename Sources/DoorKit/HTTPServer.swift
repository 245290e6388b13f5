import Glibc
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The server in front of all doors.
///
/// On graceful shutdown readiness goes off first (`drain.isDraining`); after `readinessLead` nothing is accepted any
/// more, requests under way finish within `drainLimit`, streams end themselves, and whoever is left is cut.
public final class HTTPServer: Service {
    /// Tells that the server is going down.
    public var drain: Drain { core.drain }
    /// What went wrong at the edge.
    public var counters: ServerCounters { core.counters }

    private let core: ServerCore
    private let onListening: @Sendable (Listening) async -> Void

    /// Makes a server of `doors`; it listens once it runs.
    ///
    /// Doors that show readiness or metrics are given the same `drain` and `counters`. `onListening` is told the actual
    /// port, before the first request. Requests are logged by `requestLog`, or by `logger` where there is none.
    ///
    /// - Throws: `RouteConflict` when two doors claim the same method on the same path.
    public init(
        configuration: HTTPServerConfiguration, doors: [any Door], logger: Logger, drain: Drain = Drain(),
        counters: ServerCounters = ServerCounters(), requestLog: (any RequestLog)? = nil,
        onListening: @escaping @Sendable (Listening) async -> Void = { _ in }
    ) throws(RouteConflict) {
        core = try ServerCore(
            configuration: configuration, doors: doors, logger: logger, drain: drain, counters: counters,
            requestLog: requestLog)
        self.onListening = onListening
    }

    /// Listens and answers until the service group shuts down.
    ///
    /// - Throws: `ListenError` when the address cannot be bound.
    public func run() async throws {
        let configuration = core.configuration
        let onListening = onListening
        var quiet = core.logger
        quiet.logLevel = max(quiet.logLevel, .warning)
        let server = DoorChannel(core: core).server(
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maximumConnections)),
            onServerRunning: { channel in
                await onListening(
                    Listening(host: configuration.host, port: channel.localAddress?.port ?? configuration.port))
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: quiet)
        // Services are shut down from the last to the first: the gate, then the server.
        var group = ServiceGroupConfiguration(
            services: [.init(service: server), .init(service: DrainGate(core: core))], logger: quiet)
        group.maximumGracefulShutdownDuration =
            configuration.readinessLead + configuration.drainLimit + .seconds(1)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError {
            let reason = String(cString: strerror(error.errnoCode))
            throw ListenError(description: "cannot listen on \(configuration.host):\(configuration.port): \(reason)")
        } catch let error as SocketAddressError {
            throw ListenError(description: "cannot listen on \(configuration.host):\(configuration.port): \(error)")
        } catch is CancellationError where core.drain.isDraining {
            // The drain limit cut somebody off, which is how a drain may end.
        }
    }
}

/// Switches readiness off, and holds the server's own shutdown back for a moment.
private struct DrainGate: Service {
    let core: ServerCore

    func run() async throws {
        do {
            try await gracefulShutdown()
        } catch {
            // Cancelled instead: there is nothing left to wait for, but streams must hear of it.
        }
        core.drain.begin(limit: core.configuration.readinessLead + core.configuration.drainLimit)
        if core.configuration.readinessLead > .zero { try? await Task.sleep(for: core.configuration.readinessLead) }
    }
}
