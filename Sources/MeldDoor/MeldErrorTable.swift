import AccountDomain
import Accounts
import DoorKit

extension MeldError {
    /// What a failure is on the wire: the one table of this door.
    ///
    /// - Returns: nil for a fault of ours, which the server logs and answers as `InternalServer`.
    init?(_ failure: Failure) {
        switch failure {
        case .unauthorized, .wrongPassword: self = .unauthorized
        // An account that the caller may not act on is forbidden whether it exists or not.
        case .forbidden, .callerBlocked, .notFound, .erased, .quotaExceeded: self = .forbidden
        case .streamFull: self = .forbidden("The account cannot change any more")
        case .tooManyAttempts(let seconds): self = .tooManyRequests(seconds)
        case .unavailable(let seconds): self = .unavailable(seconds)
        case .conflict: self = .unavailable(1)
        case .valueTaken(.spaceEmail): self = .badRequest("The address belongs to another account of the Space")
        case .valueTaken, .preconditionFailed, .idempotencyKeyReused, .invalid, .beyondHead:
            self = .badRequest("The request cannot be met")
        case .account(let refusal): self.init(refusal)
        case .identity, .space: self = .forbidden
        case .fault: return nil
        }
    }

    private init(_ refusal: AccountRefusal) {
        switch refusal {
        case .profile(.tooManyEmails):
            self = .badRequest("An account has at most \(Profile.maximumEmails) addresses")
        case .accessKeys(.tooMany): self = .forbidden("The account has as many keys as it may have")
        case .domains(.tooMany): self = .forbidden("The account has as many domains as it may have")
        case .accessKeys(.idTaken): self = .unavailable(1)
        default: self = .forbidden
        }
    }

    /// What the server itself refused, in this dialect: the class names that restify makes of the statuses.
    init(_ problem: Problem) {
        switch problem.slug {
        case .malformedJSON: self = .invalidContent(problem.detail)
        case .malformedRequest, .invalid, .unsupportedMediaType, .conflict, .versionConflict, .preconditionFailed,
            .idempotencyKeyReused, .nameTaken, .deviceExists, .deviceRevoked:
            self = .badRequest(problem.detail)
        case .unauthorized: self = .unauthorized
        case .forbidden, .accountBlocked, .wrongPassword, .quotaExceeded: self = .forbidden
        case .notFound, .accountErased: self = .resourceNotFound
        case .methodNotAllowed, .notImplemented:
            self = MeldError(status: 405, code: "MethodNotAllowed", headers: problem.headers)
        case .requestTimeout: self.init(problem, "RequestTimeout")
        case .tooLarge: self.init(problem, "PayloadTooLarge")
        case .targetTooLong: self.init(problem, "URITooLong")
        case .expectationFailed: self.init(problem, "ExpectationFailed")
        case .tooManyRequests: self.init(problem, "TooManyRequests")
        case .headerTooLarge: self.init(problem, "RequestHeaderFieldsTooLarge")
        case .internal: self.init(problem, "InternalServer")
        case .unavailable: self.init(problem, "ServiceUnavailable")
        }
    }

    private init(_ problem: Problem, _ code: String) {
        self.init(status: problem.status, code: code, message: problem.detail, headers: problem.headers)
    }
}
