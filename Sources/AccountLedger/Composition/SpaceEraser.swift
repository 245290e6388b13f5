import AccountDomain
import Accounts
import Logging
import PostgresClient

/// Erases what is left of closed Spaces, a piece at a time: closing one is answered before its accounts are gone.
///
/// A Space is left alone for a round after it closed: a repeat of the command finds it by its domain, which is free again
/// once it is erased, and has the first answer.
struct SpaceEraser: Chore {
    private static let pageLimit = 1000

    let pause: Duration = .seconds(5)
    let trouble: Logger.Message? = "a closed Space cannot be erased"
    let service: AccountService
    let reads: any ReadModels
    /// Spaces that the round before found closed.
    private var closed: Set<SpaceID> = []

    init(service: AccountService, reads: any ReadModels) {
        self.service = service
        self.reads = reads
    }

    mutating func round(_ thread: PostgresThread) async throws {
        let due = closed
        closed = []
        var after: Int64 = 0
        while !Task.isCancelled {
            let page = try await reads.spaces(PageRequest(after: after, limit: Self.pageLimit))
            for space in page.items where space.isClosed {
                closed.insert(space.id)
                while due.contains(space.id), !Task.isCancelled {
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
