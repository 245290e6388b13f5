import PostgresTransparency
import ServiceLifecycle

/// The sealer's life: it seals until the doors are shut, and then what they let in last.
struct SealerService: Service {
    let sealer: Sealer

    func run() async throws {
        await cancelWhenGracefulShutdown { await sealer.run() }
    }
}
