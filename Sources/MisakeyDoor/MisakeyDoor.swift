import AccountDomain
public import Accounts
public import Crypto
public import DoorKit
import EventCoding

/// The account API of Misakey (docs/misakey.md).
///
/// A translation: every route reads a request into one use case or one state, and writes the outcome in its dialect.
public final class MisakeyDoor: DoorKit.Door {
    let service: AccountService
    let reads: any ReadModels
    let log: any EventLog
    let authenticator: Authenticator
    let settings: MisakeyDoorSettings
    let limits: AttemptLimits
    /// Those who at one moment have a code mailed to one address.
    let mailings = Turns<String>()

    /// Makes the door; `limits` bounds guesses, mails and strangers.
    public init(
        service: AccountService, reads: any ReadModels, log: any EventLog, authenticator: Authenticator,
        settings: MisakeyDoorSettings = MisakeyDoorSettings(), limits: AttemptLimits = AttemptLimits()
    ) {
        self.service = service
        self.reads = reads
        self.log = log
        self.authenticator = authenticator
        self.settings = settings
        self.limits = limits
    }

    /// Unknown paths below these are answered in this dialect.
    public var prefixes: [String] {
        ["/identities", "/account", "/crypto", "/auth", "/csrf"]
    }

    /// Who asks is found out before what is asked is read.
    public var defersRefusals: Bool { true }

    /// Registers every route of the door.
    public func register(on routes: inout Routes) {
        registerCSRF(on: &routes)
        registerIdentities(on: &routes)
        registerPasswords(on: &routes)
        registerBackups(on: &routes)
        registerSecretStorage(on: &routes)
        registerLogin(on: &routes)
    }

    /// Everything in the one form that errors have here; a fault of ours is left to the server, which logs it.
    public func answer(to error: any Error, for request: DoorRequest) -> DoorResponse? {
        switch error {
        case let error as MisakeyError: error.response
        case let problem as Problem: Self.answer(to: problem)
        case let failure as Failure: Self.answer(to: failure)
        case ReadFailure.failed(let failure): Self.answer(to: failure)
        case ReadFailure.callerMoved: Self.answer(to: Failure.unavailable(retryAfterSeconds: 1))
        default: nil
        }
    }

    private static func answer(to problem: Problem) -> DoorResponse {
        // As the system itself does: no body.
        problem.slug == .tooManyRequests
            ? .empty(status: 429, headers: problem.headers) : MisakeyError(problem).response
    }

    private static func answer(to failure: Failure) -> DoorResponse? {
        if case .tooManyAttempts(let seconds) = failure {
            return .empty(status: 429, headers: Problem.tooManyRequests(retryAfterSeconds: seconds).headers)
        }
        return MisakeyError(failure)?.response
    }
}

/// What the Misakey door must know of the deployment's configuration.
public struct MisakeyDoorSettings: Sendable {
    /// The key of parameters that are made up for unknown accounts; nil answers 404 (`LEDGER_MISAKEY_DECOYS`).
    public var decoyKey: SymmetricKey?

    /// Settings.
    public init(decoyKey: SymmetricKey? = nil) {
        self.decoyKey = decoyKey
    }
}

extension AttemptLimit {
    // None of these meets fifty requests at one time of one client.

    /// Login steps of a client: sixty a minute, as the system's own gateway has it.
    static let misakeyStep = AttemptLimit("misakey-step", attempts: 60, refillSeconds: 1)
    /// Passwords tried on an account or identity; right ones are given back.
    static let misakeyPassword = AttemptLimit("misakey-password", attempts: 60, refillSeconds: 10)
    /// Look-ups of identities by a client.
    static let misakeyLookup = AttemptLimit("misakey-lookup", attempts: 60, refillSeconds: 1)
    /// Identities that strangers make, all together: the log remembers them.
    static let misakeyIdentity = AttemptLimit("misakey-identity", attempts: 600, refillSeconds: 1)
}
