import Logging
import PostgresClient
import PostgresReadModels
import ServiceLifecycle

/// Hears when another version of a read model answers from now on.
///
/// A gateway that misses it learns with its next query's answer; so a lost connection costs nothing.
struct SwapWatch: Service {
    private static let pause: Duration = .seconds(1)

    let configuration: PostgresConfiguration
    let reads: PostgresReadModels

    func run() async throws {
        let thread = PostgresThread(configuration, name: "swaps")
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await thread.perform { connection in try connection.listen("ledger_projections") }
                    // What was swapped before the subscription is only found by asking.
                    reads.noticeSwap()
                    while !Task.isCancelled {
                        let heard = try await thread.perform { connection in
                            try connection.notifications(timeoutMilliseconds: 500).count
                        }
                        if heard > 0 { reads.noticeSwap() }
                    }
                } catch {
                    try? await Task.sleep(for: Self.pause)
                }
            }
        }
        await thread.close()
    }
}
