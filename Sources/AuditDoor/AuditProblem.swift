import Accounts
import DoorKit

/// What a failure is at this door.
enum AuditProblem {
    /// The problem that tells it; nil for a fault of ours, which the server logs.
    static func make(_ failure: Failure) -> Problem? {
        switch failure {
        case .unauthorized:
            Problem(
                .unauthorized, "The credential is missing, unknown, revoked or expired.",
                headers: [
                    .init(
                        "WWW-Authenticate",
                        "Bearer realm=\"Account Ledger\", Basic realm=\"Account Ledger\", charset=\"UTF-8\"")
                ])
        case .forbidden: Problem(.forbidden, "The credential is valid, but not for this.")
        case .callerBlocked: Problem(.accountBlocked, "The account of this credential is blocked.")
        case .tooManyAttempts(let seconds): .tooManyRequests(retryAfterSeconds: seconds)
        case .unavailable(let seconds): .unavailable(retryAfterSeconds: seconds)
        case .notFound: .notFound
        default: nil
        }
    }
}
