import DoorKit
import Logging
import ServiceLifecycle

/// A server on a free port, for the time of a test.
struct TestServer: Sendable {
    let port: Int
    let server: HTTPServer
    let group: ServiceGroup

    /// Runs `use` against a server, and shuts it down.
    static func run<Result: Sendable>(
        _ doors: any Door..., configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        logger: Logger? = nil, _ use: @escaping @Sendable (TestServer) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPServerConfiguration()
        configuration.port = 0
        configuration.drainLimit = .seconds(1)
        configure(&configuration)
        let lead = configuration.readinessLead
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        quiet.logLevel = .critical
        let server = try HTTPServer(configuration: configuration, doors: doors, logger: logger ?? quiet) { listening in
            found.yield(listening.port)
            found.finish()
        }
        let group = ServiceGroup(configuration: .init(services: [server], logger: quiet))
        return try await withThrowingTaskGroup(of: Result?.self) { tasks in
            tasks.addTask {
                defer { found.finish() }
                do { try await group.run() } catch is CancellationError where Task.isCancelled {}
                return nil
            }
            tasks.addTask {
                for await port in ports {
                    return try await use(TestServer(port: port, server: server, group: group))
                }
                return nil
            }
            var result: Result?
            while let next = try await tasks.next() {
                if let next {
                    result = next
                    await group.triggerGracefulShutdown()
                    // What was to be seen during the lead has been seen.
                    if lead > .zero { tasks.cancelAll() }
                }
            }
            guard let result else { throw NoResult() }
            return result
        }
    }

    struct NoResult: Error {}
}
