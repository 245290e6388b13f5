public import AccountDomain

/// Why a use case did not do what was asked: a refusal of the domain, of the log, or trouble.
///
/// Each door has one table from these to its own statuses and bodies.
public enum Failure: Error, Sendable, Equatable {
    /// The account's rules forbid it.
    case account(AccountRefusal)
    /// The identity's rules forbid it.
    case identity(Identity.Refusal)
    /// The Space's rules forbid it.
    case space(Space.Refusal)
    /// No such thing, or none that this caller may see.
    case notFound
    /// The caller may see the thing, but not do this to it.
    case forbidden
    /// The caller's own account is blocked.
    case callerBlocked
    /// The credential is unknown, revoked or expired.
    case unauthorized
    /// The password given does not match.
    case wrongPassword
    /// `If-Match` named another version.
    case preconditionFailed(current: Int)
    /// A unique value belongs to somebody else.
    case valueTaken(Namespace)
    /// A Space is full, or a limit is below what is used.
    case quotaExceeded
    /// The state forbids it; the text says why and holds nothing a client typed.
    case conflict(String)
    /// A member of the request breaks a rule that only the state knows.
    case invalid(pointer: String, detail: String)
    /// The Idempotency-Key was used with another request.
    case idempotencyKeyReused
    /// The person was erased.
    case erased
    /// A position or moment beyond the head of the log.
    case beyondHead
    /// The stream holds as many events as a stream may (`LEDGER_STREAM_LIMIT`).
    case streamFull(limit: Int)
    /// Too many attempts; seconds to wait.
    case tooManyAttempts(retryAfterSeconds: Int)
    /// The database cannot be reached, or too much is waiting; seconds to wait.
    case unavailable(retryAfterSeconds: Int)
    /// A fault of ours; the text goes to the log only.
    case fault(String)
}
