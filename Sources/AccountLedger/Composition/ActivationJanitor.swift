import AccountDomain
import Accounts
import DoorKit
import Logging
import ServiceLifecycle

/// Forgets activations an hour after they were used or have expired: whoever never came is forgotten too.
///
/// It keeps no state of its own; what is due stands in a read model, so any gateway goes on where another ended.
struct ActivationJanitor: Service {
    private static let pause: Duration = .seconds(60)
    private static let graceSeconds: Int64 = 3_600
    private static let pageLimit = 200

    let service: AccountService
    let calendar: any ActivationCalendar
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(Failure) {
                    while try await endSome(), !Task.isCancelled {}
                } catch {
                    switch error {
                    // The database is away; what is due stays due.
                    case .unavailable: break
                    default:
                        logger.warning(
                            "activations cannot be ended", metadata: ["failure": "\(error.safeDescription)"])
                    }
                }
                try? await Task.sleep(for: Self.pause)
            }
        }
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
