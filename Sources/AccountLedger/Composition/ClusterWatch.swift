import EmbeddedPostgres
import Logging
import ServiceLifecycle

/// Starts the embedded server again when it ends by itself, as after a kill by the system.
struct ClusterWatch: Service {
    private static let longestPause: Duration = .seconds(30)

    let cluster: EmbeddedPostgres
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var pause = Duration.milliseconds(250)
            while !Task.isCancelled {
                let status = await cluster.waitForExit()
                guard !Task.isCancelled, let status else { return }
                logger.error("the database server ended; starting it again", metadata: ["status": "\(status)"])
                do {
                    try await onThread { try cluster.restart() }
                    pause = .milliseconds(250)
                } catch {
                    if (error as? EmbeddedPostgresError)?.kind == .stopped { return }
                    logger.error("the database server does not start", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: pause)
                    pause = min(pause * 2, Self.longestPause)
                }
            }
        }
    }
}
