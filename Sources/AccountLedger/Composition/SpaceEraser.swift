import AccountDomain
import Accounts
import Logging
import ServiceLifecycle

/// Erases what is left of closed Spaces, a piece at a time: closing one is answered before its accounts are gone.
///
/// It keeps no state of its own; what is left to do stands in the log, so any gateway goes on where another ended.
struct SpaceEraser: Service {
    private static let pause: Duration = .seconds(5)
    private static let pageLimit = 1000

    let service: AccountService
    let reads: any ReadModels
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(Failure) { try await eraseClosed() } catch {
                    switch error {
                    case .unavailable: break
                    default: logger.warning("a closed Space cannot be erased", metadata: ["failure": "\(error)"])
                    }
                }
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    private func eraseClosed() async throws(Failure) {
        var after: Int64 = 0
        while !Task.isCancelled {
            let page = try await reads.spaces(PageRequest(after: after, limit: Self.pageLimit))
            for space in page.items where space.isClosed {
                while !Task.isCancelled {
                    do { guard try await !service.eraseClosedSpace(space.id, context()) else { break } } catch .notFound
                    {
                        // Another gateway was first.
                        break
                    }
                }
            }
            guard let next = page.next else { return }
            after = next
        }
    }

    private func context() -> CommandContext {
        var generator = SystemRandomNumberGenerator()
        return CommandContext(
            caller: .root, door: .operator, request: RequestID.random(using: &generator),
            deadline: .now + .seconds(30))
    }
}
