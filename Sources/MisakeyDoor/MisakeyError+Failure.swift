import AccountDomain
import Accounts
import DoorKit

extension MisakeyError {
    /// What a failure of a use case is in this dialect: the one table of the door.
    ///
    /// - Returns: nil for a fault of ours, which the server logs.
    init?(_ failure: Failure) {
        switch failure {
        case .account(let refusal): self.init(refusal)
        case .identity(.alreadyLinked), .identity(.alreadyExists): self.init(.conflict, .body, "account_id", .conflict)
        case .identity: self.init(.forbidden, .path, "identity_id", .forbidden)
        case .notFound, .forbidden, .erased: self = .notOwner
        case .callerBlocked: self.init(.forbidden, .headers, "account_id", .locked, "the account is blocked")
        case .unauthorized: self.init(.unauthorized, .headers, "Authorization", .invalid)
        case .wrongPassword: self.init(.forbidden, .body, "old_password", .invalid)
        case .valueTaken(.misakeyRootKey):
            self.init(.conflict, .body, "key_hash", .conflict, "the root key is used by an account")
        case .streamFull: self.init(.conflict, .internal, "account_id", .locked, "the history is full")
        case .unavailable(let seconds):
            self.init(
                .serviceUnavailable, .internal, headers: [.init("Retry-After", String(max(1, seconds)))])
        case .space, .preconditionFailed, .valueTaken, .quotaExceeded, .conflict, .invalid, .idempotencyKeyReused,
            .beyondHead:
            self.init(.conflict, .internal, "the state forbids it")
        case .tooManyAttempts, .fault: return nil
        }
    }

    private init(_ refusal: AccountRefusal) {
        switch refusal {
        case .backup(.locked): self.init(.conflict, .body, "data", .locked, "the backup is read-only")
        case .backup(.versionConflict(let expected)):
            self.init(.conflict, .body, "version", .conflict, "the version must be one more than the present one")
            details.append(("expected_version", String(expected)))
        case .password(.managedAtItsDoor):
            self.init(.conflict, .body, "account_id", .conflict, "the password changes at the door of its system")
        case .password: self.init(.forbidden, .body, "old_password", .invalid)
        case .secretStorage(let refusal): self.init(refusal)
        case .identities(.last): self.init(.conflict, .body, "identity_id", .conflict)
        case .missing, .erased, .lifecycle: self = .notOwner
        case .profile, .devices, .accessKeys, .domains, .administrators, .roles, .identities:
            self.init(.conflict, .internal, "the state forbids it")
        }
    }

    private init(_ refusal: SecretStorage.Refusal) {
        switch refusal {
        case .notInstalled, .alreadyInstalled: self.init(.conflict, .body, "secret_storage", .conflict)
        case .rootKeyUsed: self.init(.conflict, .body, "key_hash", .conflict, "the root key is used by an account")
        case .staleRootKey: self.init(.forbidden, .body, "account_root_key_hash", .invalid)
        case .notFound: self.init(.notFound, .body)
        case .tooMany: self.init(.badRequest, .body, "asym_keys", .invalid, "there are as many as there may be")
        }
    }

    /// What the server refuses before or beside a handler.
    init(_ problem: Problem) {
        switch problem.slug {
        case .malformedJSON: self.init(.badRequest, .body, problem.detail)
        case .invalid: self.init(.badRequest, .body, "the body must be an object")
        case .unsupportedMediaType:
            // Who is told of a header is not to look for the other.
            let header = problem.part == .headers ? "Content-Encoding" : "Content-Type"
            self.init(.badRequest, .headers, header, .invalid, problem.detail)
        case .malformedRequest: self.init(.badRequest, Origin(problem.part), problem.detail)
        case .targetTooLong: self.init(.badRequest, .path, problem.detail)
        case .notFound: self.init(.notFound, .path)
        case .methodNotAllowed, .notImplemented: self.init(.methodNotAllowed, .path, headers: problem.headers)
        case .tooLarge: self.init(.requestEntityTooLarge, .body, problem.detail)
        case .unavailable: self.init(.serviceUnavailable, .internal, headers: problem.headers)
        case .unauthorized: self.init(.unauthorized, .headers, "Authorization", .invalid)
        case .expectationFailed, .headerTooLarge, .requestTimeout: self.init(.badRequest, .headers, problem.detail)
        default: self.init(.internal, .internal)
        }
    }
}
