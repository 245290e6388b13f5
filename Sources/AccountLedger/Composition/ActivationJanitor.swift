import AccountDomain
import Accounts
import DoorKit
import Logging
import PostgresClient

/// Forgets activations an hour after they were used or have expired: whoever never came is forgotten too.
struct ActivationJanitor: Chore {
    private static let graceSeconds: Int64 = 3_600
    private static let pageLimit = 200

    let pause: Duration = .seconds(60)
    let trouble: Logger.Message? = "activations cannot be ended"
    let service: AccountService
    let calendar: any ActivationCalendar
    let logger: Logger

    func round(_ thread: PostgresThread) async throws {
        while try await endSome(), !Task.isCancelled {}
    }

    /// Ends what is due, a page of it.
    ///
    /// - Returns: whether there may be more.
    private func endSome() async throws(Failure) -> Bool {
        let due = try await calendar.closed(
            before: AccessTokens.systemClock().adding(seconds: -Self.graceSeconds), limit: Self.pageLimit)
        var ended = 0
        for activation in due where !Task.isCancelled {
            do throws(Failure) {
                if try await service.endActivation(activation, graceSeconds: Self.graceSeconds, context()) {
                    ended += 1
                }
            } catch {
                if case .unavailable = error { throw error }
                // One that cannot be ended must not keep those behind it.
                logger.warning(
                    "an activation cannot be ended",
                    metadata: ["activation": "\(activation)", "failure": "\(error.safeDescription)"])
            }
        }
        // Those that were ended before stand in the read model a moment longer.
        return due.count == Self.pageLimit && ended > 0
    }

    private func context() -> CommandContext {
        var generator = SystemRandomNumberGenerator()
        return CommandContext(
            caller: .root, door: .operator, request: RequestID.random(using: &generator),
            deadline: .now + .seconds(30))
    }
}
