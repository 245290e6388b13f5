public import Accounts
public import AccountDomain
public import DoorKit
public import EventCoding

/// The API of the m-ld Gateway, `/api/v1` (docs/mld-gateway.md).
///
/// A route translates a request into one use case or one read, and its outcome into an answer; nothing is decided here.
public final class MeldDoor: DoorKit.Door {
    let service: AccountService
    let reads: any ReadModels
    let log: any EventLog
    let authenticator: Authenticator
    let signatures: any TokenSignatures
    let settings: MeldDoorSettings
    let root: RootKey
    let limits: AttemptLimits
    let activations: ActivationTokens
    let clock: @Sendable () -> Moment
    let rootPair: RootPair

    /// Makes the door.
    ///
    /// - Parameters:
    ///   - service: the use cases.
    ///   - reads: the read models.
    ///   - log: the write side's states.
    ///   - authenticator: knows whose a key is.
    ///   - signatures: signs and verifies tokens.
    ///   - master: the key that activation tokens are sealed under, and root's public key follows from.
    ///   - root: the root key.
    ///   - settings: what the deployment fixes.
    ///   - limits: bounds what strangers may ask for.
    ///   - clock: tells the present.
    public init(
        service: AccountService, reads: any ReadModels, log: any EventLog, authenticator: Authenticator,
        signatures: any TokenSignatures, master: MasterKey, root: RootKey, settings: MeldDoorSettings,
        limits: AttemptLimits, clock: @escaping @Sendable () -> Moment = AccessTokens.systemClock
    ) {
        self.service = service
        self.reads = reads
        self.log = log
        self.authenticator = authenticator
        self.signatures = signatures
        self.settings = settings
        self.root = root
        self.limits = limits
        self.clock = clock
        activations = ActivationTokens(key: master.derivedKey("mld-activation-token-v1"))
        rootPair = RootPair(master: master, signatures: signatures)
    }

    /// Unknown paths below these are answered in this dialect.
    public var prefixes: [String] { ["/api/v1", "/register", "/activate"] }

    /// Which of several errors wins is fixed by the dialect: `Authorization`, body, name, and then the route's own.
    public var defersRefusals: Bool { true }

    /// A path knows the methods that it has a use for; OPTIONS is none.
    public var answersOptions: Bool { false }

    /// Registers every route of the door.
    public func register(on routes: inout Routes) {
        registerActivation(on: &routes)
        registerKeys(on: &routes)
        registerAccounts(on: &routes)
        registerDomains(on: &routes)
        registerRemotes(on: &routes)
        registerPages(on: &routes)
    }

    /// Refusals in this dialect; a fault of ours is left to the server, which logs it.
    public func answer(to error: any Error, for request: DoorRequest) -> DoorResponse? {
        switch error {
        case let error as MeldError: return error.response
        case let failure as Failure: return MeldError(failure)?.response
        case ReadFailure.failed(let failure): return MeldError(failure)?.response
        case ReadFailure.callerMoved: return MeldError.unavailable(1).response
        case let problem as Problem: return MeldError(problem).response
        default: return nil
        }
    }
}

/// What the door must know of the deployment's configuration.
public struct MeldDoorSettings: Sendable {
    /// The gateway's domain, part of the identities of accounts and of their domains (`LEDGER_DOMAIN`).
    public var domain: String
    /// The name that root logs in by: the application's, in lower case.
    public var rootName: String
    /// The id of root's key.
    public var rootKeyID: String

    /// Settings.
    public init(domain: String, root: RootKey) {
        self.domain = domain
        rootName = root.applicationID.lowercased()
        rootKeyID = root.keyID
    }

    /// The identity of an account: an identifier, whatever the scheme it is served by.
    func identity(of name: String) -> String { "http://\(domain)/\(name)" }
}
