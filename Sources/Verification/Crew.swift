import PostgresClient
import Synchronization

/// Threads that work side by side until all is done, or until one of them fails.
enum Crew {
    /// Runs `body` on so many threads and waits for them; blocks.
    ///
    /// - Throws: the first failure.
    static func run(_ count: Int, name: String, _ body: @escaping @Sendable () throws -> Void) throws {
        let shared = FirstFailure()
        let threads = (0..<count).map { number in
            DedicatedThread(name: "\(name) \(number)") {
                do { try body() } catch { shared.note(error) }
            }
        }
        for thread in threads { thread.join() }
        if let error = shared.first { throw error }
    }

    private final class FirstFailure: Sendable {
        private let failure = Mutex<(any Error)?>(nil)

        func note(_ error: any Error) { failure.withLock { if $0 == nil { $0 = error } } }

        var first: (any Error)? { failure.withLock { $0 } }
    }
}
