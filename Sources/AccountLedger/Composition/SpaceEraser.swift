import AccountDomain
import Accounts
import Logging
import PostgresClient

/// Erases what is left of closed Spaces, a piece at a time: closing one is answered before its accounts are gone.
struct SpaceEraser: Chore {
    private static let pageLimit = 1000

    let pause: Duration = .seconds(5)
    let trouble: Logger.Message? = "a closed Space cannot be erased"
    let service: AccountService
    let reads: any ReadModels

    func round(_ thread: PostgresThread) async throws {
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
