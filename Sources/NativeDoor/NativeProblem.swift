import AccountDomain
import Accounts
import DoorKit
import StrictJSON

extension Problem {
    /// What a failure is on the wire: the one table of this door.
    ///
    /// - Returns: nil for a fault of ours, which the server logs and answers as `internal`.
    init?(_ failure: Failure) {
        switch failure {
        case .account(let refusal): self.init(refusal)
        case .identity(let refusal): self.init(refusal)
        case .space(let refusal): self.init(refusal)
        case .notFound: self = .notFound
        case .forbidden: self.init(.forbidden, "The credential is valid, but not for this.")
        case .callerBlocked: self.init(.accountBlocked, "The account of this credential is blocked.")
        case .unauthorized:
            self.init(
                .unauthorized, "The credential is missing, unknown, revoked or expired.", headers: [Self.challenge])
        case .wrongPassword: self = .wrongPassword
        case .preconditionFailed(let current):
            self.init(
                .preconditionFailed, "If-Match names another version.",
                members: ["current_version": .integer(Int64(current))])
        case .valueTaken(let namespace): self.init(taken: namespace)
        case .quotaExceeded: self.init(.quotaExceeded, "The Space has as many accounts as it may have.")
        case .conflict(let text): self.init(.conflict, text)
        case .invalid(let pointer, let detail): self = .invalid(pointer, detail)
        case .idempotencyKeyReused:
            self.init(.idempotencyKeyReused, "The Idempotency-Key was used with another request.")
        case .erased: self = .erased
        case .beyondHead: self.init(.malformedRequest, "The moment lies beyond the head of the log.")
        case .streamFull(let limit):
            self.init(.quotaExceeded, "A stream holds at most \(limit) events, and this one is full.")
        case .tooManyAttempts(let seconds): self = .tooManyRequests(retryAfterSeconds: seconds)
        case .unavailable(let seconds): self = .unavailable(retryAfterSeconds: seconds)
        case .fault: return nil
        }
    }

    private static let challenge = DoorResponse.Header(
        "WWW-Authenticate", "Bearer realm=\"Account Ledger\", Basic realm=\"Account Ledger\", charset=\"UTF-8\"")

    private static var wrongPassword: Problem { Problem(.wrongPassword, "The password does not match.") }

    private static var erased: Problem { Problem(.accountErased, "The person was erased.") }

    private static func tooMany(_ things: String, _ limit: Int) -> Problem {
        Problem(.quotaExceeded, "There may be at most \(limit) \(things).")
    }

    private static func elsewhere(_ thing: String, _ system: System) -> Problem {
        Problem(.conflict, "\(thing) of this account changes at the door of its system, \(system.rawValue).")
    }

    private init(taken namespace: Namespace) {
        let pointer: String? =
            switch namespace {
            case .accountName, .spaceName: "/name"
            case .identity: "/identifier"
            case .spaceEmail: "/emails"
            case .spaceDomain: "/domain"
            case .spaceHost: "/host"
            case .keyID, .sipHandle, .flexisipNumber, .apiKey, .provisioningToken, .creationToken, .requestToken,
                .recoveryToken, .jamiID, .jamiAccount, .jamiName, .misakeyRootKey:
                nil
            }
        if let pointer {
            self.init(.nameTaken, "The value belongs to somebody else.", members: ["pointer": .string(pointer)])
        } else {
            self.init(.conflict, "A value that must be unique belongs to somebody else.")
        }
    }

    private init(_ refusal: AccountRefusal) {
        switch refusal {
        case .missing, .lifecycle(.missing): self = .notFound
        case .erased, .lifecycle(.erased): self = .erased
        case .lifecycle(.alreadyExists): self.init(.conflict, "The account exists already.")
        case .profile(.nameFixed): self.init(.conflict, "The name cannot change once a key was issued.")
        case .profile(.tooManyEmails):
            self = .invalid("/emails", "must have at most \(Profile.maximumEmails) addresses")
        case .profile(.repeatedEmail): self = .invalid("/emails", "must not have an address twice")
        case .password(let refusal): self.init(refusal)
        case .backup(.locked): self.init(.conflict, "The backup is locked.")
        case .backup(.versionConflict(let expected)):
            self.init(
                .versionConflict, "The version must be one more than the present one.",
                members: ["expected_version": .integer(Int64(expected))])
        case .devices(let refusal): self.init(refusal)
        case .accessKeys(.notFound): self = .notFound
        case .accessKeys(.tooMany): self = .tooMany("living keys", AccessKeys.maximumLiving)
        case .accessKeys(.idTaken): self = .unavailable()
        case .domains(.tooMany): self = .tooMany("domains", Domains.maximum)
        case .administrators(.tooMany): self = .tooMany("administrators", Administrators.maximum)
        case .roles(.noSpace): self.init(.conflict, "The account belongs to no Space that it could administer.")
        case .identities(.last): self.init(.conflict, "It is the last identity of its account.")
        case .identities(.tooMany): self = .tooMany("identities", LinkedIdentities.maximum)
        case .secretStorage: self.init(.conflict, "The secret storage of this account changes at its own door.")
        }
    }

    private init(_ refusal: Password.Refusal) {
        switch refusal {
        case .oldPasswordRequired: self = .invalid("/old_password", "is required")
        case .staleProof: self = .unavailable()
        case .wrongPassword: self = .wrongPassword
        case .managedAtItsDoor(let system): self = .elsewhere("The password", system)
        }
    }

    private init(_ refusal: Devices.Refusal) {
        switch refusal {
        case .exists: self.init(.deviceExists, "A device with this id is there already.")
        case .revoked: self.init(.deviceRevoked, "The device was revoked, which is for good.")
        case .notFound: self = .notFound
        case .joinsAtItsDoor(let system): self = .elsewhere("The list of devices", system)
        case .tooMany: self = .tooMany("devices that were not revoked", Devices.maximumLiving)
        }
    }

    private init(_ refusal: Identity.Refusal) {
        switch refusal {
        case .alreadyExists: self.init(.conflict, "The identity exists already.")
        case .missing: self = .notFound
        case .ended: self.init(.accountErased, "The identity was forgotten.")
        case .alreadyLinked: self.init(.conflict, "The identity has an account.")
        case .notLinked: self.init(.conflict, "The identity has no account.")
        case .noCode: self.init(.conflict, "The identity has no code that could be tried.")
        }
    }

    private init(_ refusal: Space.Refusal) {
        switch refusal {
        case .alreadyExists: self.init(.conflict, "The Space exists already.")
        case .missing: self = .notFound
        case .closed: self.init(.conflict, "The Space is being erased.")
        case .domainFixed: self = .invalid("/domain", "must stay as it is")
        case .notClosed: self.init(.conflict, "The Space is not closed.")
        }
    }
}
