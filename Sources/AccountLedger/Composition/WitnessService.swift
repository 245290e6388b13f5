import PostgresTransparency
import ServiceLifecycle

/// The life of the offers to witnesses: until the process is to end, when what is under way is given up.
struct WitnessService: Service {
    let witnesses: Witnesses

    func run() async throws {
        await cancelWhenGracefulShutdown { await witnesses.run() }
    }
}
