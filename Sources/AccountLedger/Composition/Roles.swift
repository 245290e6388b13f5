import DoorKit
import Logging
import ServiceLifecycle
import UnixSignals

/// Runs the services of a process until a signal ends them, in order.
enum Roles {
    /// Runs the group, and returns when it ended in order.
    ///
    /// Whatever is left `limit` after the signal is cut off.
    static func run(_ services: [any Service], limit: Duration, logger: Logger) async throws {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        group.maximumGracefulShutdownDuration = limit
        let services = ServiceGroup(configuration: group)
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await ImpatienceWatch.run() }
                tasks.addTask { try await services.run() }
                defer { tasks.cancelAll() }
                try await tasks.next()
            }
        } catch let error as ListenError {
            throw CommandFailure(.configuration, error.description)
        } catch let error as RouteConflict {
            throw CommandFailure(.failure, error.description)
        } catch is CancellationError {
            throw CommandFailure(.failure, "what was under way took too long and was cut off")
        }
    }

    /// How long ending may take: what the server gives its clients, and the rest.
    static func limit(_ configuration: LedgerConfiguration) -> Duration {
        configuration.server.readinessLead + configuration.server.drainLimit + .seconds(15)
    }
}
