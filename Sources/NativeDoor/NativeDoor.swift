public import Accounts
import AccountDomain
import Crypto
public import DoorKit
public import EventCoding
public import Transparency

/// The native API, `/v1`: everything that all accounts have in common, the log, and what operators look at.
///
/// A route translates a request into one use case or one read, and its outcome into an answer; nothing is decided here.
public final class NativeDoor: DoorKit.Door {
    let service: AccountService
    let reads: any ReadModels
    let control: any ProjectionControl
    let history: any EventHistory
    let exports: (any LogExports)?
    let log: any EventLog
    let authenticator: Authenticator
    let master: MasterKey
    let settings: NativeDoorSettings
    let cursors: CursorSealer
    let streams: StreamLimiter
    let limits: AttemptLimits
    let sealed: (any SealedLog)?
    let readiness: @Sendable () async -> [String]
    let alarms: @Sendable () async -> [String]

    /// Makes the door.
    ///
    /// `limits` bounds guesses and mails. `streams` caps the event streams that are open at one time. `sealed` is where
    /// proofs come from; nil when the log is not sealed. Without `exports` the log is not exported. `readiness` tells why
    /// the service is not ready, one short text each, and nothing when it is; `alarms` what an operator must look at all
    /// the same.
    public init(
        service: AccountService, reads: any ReadModels, history: any EventHistory, log: any EventLog,
        authenticator: Authenticator, master: MasterKey, settings: NativeDoorSettings,
        limits: AttemptLimits = AttemptLimits(), streams: StreamLimiter = StreamLimiter(),
        sealed: (any SealedLog)? = nil, exports: (any LogExports)? = nil,
        control: any ProjectionControl = NoProjectionControl(), readiness: @escaping @Sendable () async -> [String],
        alarms: @escaping @Sendable () async -> [String] = { [] }
    ) {
        self.service = service
        self.reads = reads
        self.control = control
        self.history = history
        self.exports = exports
        self.log = log
        self.authenticator = authenticator
        self.master = master
        self.settings = settings
        self.streams = streams
        self.sealed = sealed
        self.readiness = readiness
        self.alarms = alarms
        cursors = CursorSealer(key: master.derivedKey("cursor").withUnsafeBytes { [UInt8]($0) })
        self.limits = limits
    }

    /// Unknown paths below it are answered as problems.
    public var prefixes: [String] { ["/v1/", "/problems/", "/health/"] }

    /// Registers every route of the door.
    public func register(on routes: inout Routes) {
        registerAccounts(on: &routes)
        registerLifecycle(on: &routes)
        registerPasswords(on: &routes)
        registerBackups(on: &routes)
        registerDevices(on: &routes)
        registerRemotesAuth(on: &routes)
        registerKeys(on: &routes)
        registerAdministrators(on: &routes)
        registerAccountEvents(on: &routes)
        registerExport(on: &routes)
        registerIdentities(on: &routes)
        registerTokens(on: &routes)
        registerRecovery(on: &routes)
        registerSpaces(on: &routes)
        registerEvents(on: &routes)
        registerLogExport(on: &routes)
        registerProofs(on: &routes)
        registerProjections(on: &routes)
        registerRebuilds(on: &routes)
        registerHealth(on: &routes)
        registerProblems(on: &routes)
    }

    /// Problems as they are, failures by the table; a fault of ours is left to the server, which logs it.
    public func answer(to error: any Error, for request: DoorRequest) -> DoorResponse? {
        switch error {
        case let problem as Problem: problem.response()
        case let failure as Failure: Problem(failure)?.response()
        case ReadFailure.failed(let failure): Problem(failure)?.response()
        case ReadFailure.callerMoved: Problem.unavailable().response()
        default: nil
        }
    }
}

/// What the native door must know of the deployment's configuration.
public struct NativeDoorSettings: Sendable {
    /// The name of the log: the `source` of its events (`LEDGER_ORIGIN`).
    public var origin: String
    /// The longest backup in bytes (`LEDGER_MAX_UPLOAD`).
    public var maximumUploadBytes: Int
    /// How many versions of a backup can be read, the newest ones; nil for all (`LEDGER_BACKUP_VERSIONS`).
    public var backupVersions: Int?

    /// Settings.
    public init(origin: String, maximumUploadBytes: Int = 16 << 20, backupVersions: Int? = nil) {
        self.origin = origin
        self.maximumUploadBytes = maximumUploadBytes
        self.backupVersions = backupVersions
    }
}
