/// What can be asked of an account.
public enum AccountCommand: Sendable, Equatable {
    /// See ``Lifecycle``.
    case lifecycle(Lifecycle.Command)
    /// See ``Profile``.
    case profile(Profile.Command)
    /// See ``Password``.
    case password(Password.Command)
    /// See ``Backup``.
    case backup(Backup.Command)
    /// See ``Devices``.
    case devices(Devices.Command)
    /// See ``AccessKeys``.
    case accessKeys(AccessKeys.Command)
    /// See ``RemotesAuth``.
    case remotesAuth(RemotesAuth.Command)
    /// See ``Administrators``.
    case administrators(Administrators.Command)
    /// See ``Roles``.
    case roles(Roles.Command)
    /// See ``Tokens``.
    case tokens(Tokens.Command)
    /// See ``LinkedIdentities``.
    case identities(LinkedIdentities.Command)
    /// See ``SecretStorage``.
    case secretStorage(SecretStorage.Command)
    /// See ``Recovery``.
    case recovery(Recovery.Command)
}

/// What happened to an account.
public enum AccountEvent: Sendable, Equatable {
    /// See ``Lifecycle``.
    case lifecycle(Lifecycle.Event)
    /// See ``Profile``.
    case profile(Profile.Event)
    /// See ``Password``.
    case password(Password.Event)
    /// See ``Backup``.
    case backup(Backup.Event)
    /// See ``Devices``.
    case devices(Devices.Event)
    /// See ``AccessKeys``.
    case accessKeys(AccessKeys.Event)
    /// See ``RemotesAuth``.
    case remotesAuth(RemotesAuth.Event)
    /// See ``Administrators``.
    case administrators(Administrators.Event)
    /// See ``Roles``.
    case roles(Roles.Event)
    /// See ``Tokens``.
    case tokens(Tokens.Event)
    /// See ``LinkedIdentities``.
    case identities(LinkedIdentities.Event)
    /// See ``SecretStorage``.
    case secretStorage(SecretStorage.Event)
    /// See ``Recovery``.
    case recovery(Recovery.Event)
}

/// Why an account refuses.
public enum AccountRefusal: Error, Sendable, Equatable {
    /// It was never made.
    case missing
    /// The person was erased.
    case erased
    /// See ``Lifecycle``.
    case lifecycle(Lifecycle.Refusal)
    /// See ``Profile``.
    case profile(Profile.Refusal)
    /// See ``Password``.
    case password(Password.Refusal)
    /// See ``Backup``.
    case backup(Backup.Refusal)
    /// See ``Devices``.
    case devices(Devices.Refusal)
    /// See ``AccessKeys``.
    case accessKeys(AccessKeys.Refusal)
    /// See ``Administrators``.
    case administrators(Administrators.Refusal)
    /// See ``Roles``.
    case roles(Roles.Refusal)
    /// See ``LinkedIdentities``.
    case identities(LinkedIdentities.Refusal)
    /// See ``SecretStorage``.
    case secretStorage(SecretStorage.Refusal)
}

/// An account: the sum of its facets, each with its own rules.
public struct Account: Sendable, Equatable {
    /// Created, activated, blocked, erased.
    public private(set) var lifecycle = Lifecycle()
    /// Name, addresses, profile.
    public private(set) var profile = Profile()
    /// The verifier.
    public private(set) var password = Password()
    /// The sealed backup.
    public private(set) var backup = Backup()
    /// The devices.
    public private(set) var devices = Devices()
    /// The keys.
    public private(set) var accessKeys = AccessKeys()
    /// Credentials of remotes.
    public private(set) var remotesAuth = RemotesAuth()
    /// Other accounts that administer it.
    public private(set) var administrators = Administrators()
    /// What it is in its Space.
    public private(set) var roles = Roles()
    /// Ended tokens.
    public private(set) var tokens = Tokens()
    /// The person's identities.
    public private(set) var identities = LinkedIdentities()
    /// Keys that the client encrypted.
    public private(set) var secretStorage = SecretStorage()
    /// Mailed tokens that set a password.
    public private(set) var recovery = Recovery()

    /// An account that was never made.
    public static let missing = Account()

    private init() {}

    /// Decides what a command makes happen; changes nothing.
    ///
    /// - Throws: ``AccountRefusal`` naming the rule that forbids it.
    public func decide(_ command: AccountCommand) throws(AccountRefusal) -> [AccountEvent] {
        switch command {
        case .lifecycle(.create(let creation)):
            do { try Profile.check(creation.emails) } catch { throw .profile(error) }
        default:
            if lifecycle.isMissing { throw .missing }
            if lifecycle.isErased { throw .erased }
        }
        switch command {
        case .lifecycle(let command):
            do { return try lifecycle.decide(command).map { .lifecycle($0) } } catch { throw .lifecycle(error) }
        case .profile(let command):
            do {
                return try profile.decide(command, isNameFixed: accessKeys.everIssued).map { .profile($0) }
            } catch { throw .profile(error) }
        case .password(let command):
            do {
                return try password.decide(command, system: lifecycle.system).map { .password($0) }
            } catch { throw .password(error) }
        case .backup(let command):
            do { return try backup.decide(command).map { .backup($0) } } catch { throw .backup(error) }
        case .devices(let command):
            do {
                return try devices.decide(command, system: lifecycle.system).map { .devices($0) }
            } catch { throw .devices(error) }
        case .accessKeys(let command):
            do { return try accessKeys.decide(command).map { .accessKeys($0) } } catch { throw .accessKeys(error) }
        case .remotesAuth(let command): return remotesAuth.decide(command).map { .remotesAuth($0) }
        case .administrators(let command):
            do {
                return try administrators.decide(command).map { .administrators($0) }
            } catch { throw .administrators(error) }
        case .roles(let command):
            do {
                return try roles.decide(command, hasSpace: lifecycle.space != nil).map { .roles($0) }
            } catch { throw .roles(error) }
        case .tokens(let command): return tokens.decide(command).map { .tokens($0) }
        case .identities(let command):
            do { return try identities.decide(command).map { .identities($0) } } catch { throw .identities(error) }
        case .secretStorage(let command):
            do {
                return try secretStorage.decide(command).map { .secretStorage($0) }
            } catch { throw .secretStorage(error) }
        case .recovery(let command): return recovery.decide(command).map { .recovery($0) }
        }
    }

    /// Takes what happened; it never refuses, for it already did.
    public mutating func apply(_ event: AccountEvent) {
        switch event {
        case .lifecycle(let event):
            lifecycle.apply(event)
            switch event {
            case .created(let creation): profile.start(creation)
            case .erased: forget()
            case .activated, .deactivated, .blocked, .unblocked: break
            }
        case .profile(let event):
            profile.apply(event)
            if case .emailsChanged(let emails) = event { recovery.endAll(exceptTo: emails) }
        case .password(let event):
            password.apply(event)
            recovery.endAll()
        case .backup(let event): backup.apply(event)
        case .devices(let event): devices.apply(event)
        case .accessKeys(let event): accessKeys.apply(event)
        case .remotesAuth(let event): remotesAuth.apply(event)
        case .administrators(let event): administrators.apply(event)
        case .roles(let event): roles.apply(event)
        case .tokens(let event): tokens.apply(event)
        case .identities(let event): identities.apply(event)
        case .secretStorage(let event): secretStorage.apply(event)
        case .recovery(let event): recovery.apply(event)
        }
    }

    /// An erased account remembers only that it was one.
    private mutating func forget() {
        var forgotten = Account()
        forgotten.lifecycle = lifecycle
        self = forgotten
    }
}
