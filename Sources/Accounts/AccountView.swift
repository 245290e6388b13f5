public import AccountDomain
import EventCoding
import StrictJSON

/// An account as it is shown (docs/native-api.md): a pure fold of its events.
///
/// Its stored form is two documents in one box: the `Account` of `/v1`, ready to be sent as it is, and the details that
/// other routes show.
public struct AccountView: Sendable, Equatable {
    /// A key as it is shown.
    public struct Key: Sendable, Equatable {
        /// Its id.
        public let id: KeyID
        /// What it serves.
        public let kind: KeyKind
        /// What its owner calls it.
        public let label: String?
        /// When it was issued.
        public let createdAt: Moment
        /// When it was revoked.
        public var revokedAt: Moment?
        /// The public half of its RSA pair: SubjectPublicKeyInfo, DER.
        public let publicKey: [UInt8]?
    }

    /// A device as it is shown.
    public struct Device: Sendable, Equatable {
        /// Its place among the account's devices, which events name it by.
        public let ordinal: Int
        /// The id that its owner gave it.
        public let id: String
        /// What its owner calls it.
        public var name: String?
        /// When it was added.
        public let addedAt: Moment
        /// When it was revoked.
        public var revokedAt: Moment?
        /// The public key that it registered.
        public let publicKey: String?
        /// Why it was revoked.
        public var reason: String?
    }

    /// The present backup, without its data.
    public struct Backup: Sendable, Equatable {
        /// Its version.
        public let version: Int
        /// Length of its data in bytes.
        public let length: Int
        /// SHA-256 of its data.
        public let sha256: Digest
        /// When it was stored.
        public let storedAt: Moment
    }

    /// The account.
    public let id: AccountID
    /// Its version.
    public internal(set) var version = 0
    /// Position of its newest event.
    public internal(set) var position: Int64 = 0
    /// Position of its creation: its place in lists.
    public internal(set) var createdPosition: Int64 = 0
    /// When it was made.
    public internal(set) var createdAt = Moment(microseconds: 0)
    /// When it last changed.
    public internal(set) var updatedAt = Moment(microseconds: 0)
    /// The door that made it.
    public internal(set) var system = System.native
    /// The Space it belongs to.
    public internal(set) var space: SpaceID?
    /// The domain of that Space.
    public internal(set) var spaceDomain: String?
    /// Its name.
    public internal(set) var name: String?
    /// Its addresses.
    public internal(set) var emails: [String] = []
    /// Its profile.
    public internal(set) var profile = ProfileMembers(stored: [])
    /// Whether it was activated.
    public internal(set) var isActivated = false
    /// Whether it is blocked.
    public internal(set) var isBlocked = false
    /// Whether it has a password.
    public internal(set) var hasPassword = false
    /// Its present backup.
    public internal(set) var backup: Backup?
    /// Whether backups are locked.
    public internal(set) var isBackupLocked = false
    /// Its credentials for remotes, as patched.
    public internal(set) var remotesAuth: [RemoteAuthMode] = []
    /// Its contexts of naming (m-ld).
    public internal(set) var naming: [NamingContext] = []
    /// The names of its domains, in the order in which they were registered (m-ld).
    public internal(set) var domains: [String] = []
    /// Its keys, oldest first.
    public internal(set) var keys: [Key] = []
    /// Its devices, oldest first.
    public internal(set) var devices: [Device] = []
    /// Whether it is an administrator of its Space.
    public internal(set) var isAdmin = false
    /// Accounts that administer it (m-ld).
    public internal(set) var administrators: [AccountID] = []
    /// The person's identities.
    public internal(set) var identities: [IdentityID] = []
    /// Whether the person was erased.
    public internal(set) var isErased = false

    /// An account of which nothing is known yet.
    public init(_ id: AccountID) { self.id = id }

    /// The view that a stream's events make.
    public init(_ id: AccountID, folding events: [RecordedEvent]) {
        self.init(id)
        for event in events { apply(event) }
    }

    /// Takes the next event of the stream.
    public mutating func apply(_ recorded: RecordedEvent) {
        guard case .account(let event) = recorded.event else {
            return note(version: recorded.version, position: recorded.position, recordedAt: recorded.recordedAt)
        }
        apply(event, version: recorded.version, position: recorded.position, recordedAt: recorded.recordedAt)
    }

    /// Takes the next event of the stream, told by what the view needs of it.
    public mutating func apply(_ event: AccountEvent, version: Int32, position: Int64, recordedAt: Moment) {
        note(version: version, position: position, recordedAt: recordedAt)
        switch event {
        case .lifecycle(let event): apply(event)
        case .profile(let event): apply(event)
        case .password: hasPassword = true
        case .backup(let event): apply(event)
        case .devices(let event): apply(event)
        case .accessKeys(let event): apply(event)
        case .remotesAuth(let event): apply(event)
        case .naming(.inserted(let contexts)):
            naming = NamingContext.allCases.filter { naming.contains($0) || contexts.contains($0) }
        case .naming(.deleted(let contexts)): naming.removeAll { contexts.contains($0) }
        case .domains(.created(let name)): domains.append(name.text)
        case .administrators(.inserted(let account)): administrators.append(account)
        case .administrators(.deleted(let account)): administrators.removeAll { $0 == account }
        case .roles(.granted(.admin)): isAdmin = true
        case .roles(.withdrawn(.admin)): isAdmin = false
        case .tokens, .recovery: break
        case .identities(.linked(let identity)): identities.append(identity)
        case .identities(.unlinked(let identity)): identities.removeAll { $0 == identity }
        case .secretStorage: break
        }
    }

    /// Where the newest event stands; what it changes takes its time from here.
    private mutating func note(version: Int32, position: Int64, recordedAt: Moment) {
        self.version = Int(version)
        self.position = position
        updatedAt = recordedAt
    }

    private mutating func apply(_ event: Lifecycle.Event) {
        switch event {
        case .created(let creation):
            createdPosition = position
            createdAt = updatedAt
            system = creation.system
            space = creation.space
            spaceDomain = creation.spaceDomain?.text
            isActivated = creation.activated
            name = creation.name?.text
            emails = creation.emails.map(\.text)
            profile = creation.profile
        case .activated: isActivated = true
        case .deactivated: isActivated = false
        case .blocked: isBlocked = true
        case .unblocked: isBlocked = false
        case .erased: blank()
        }
    }

    /// Forgets everything personal: what stays is what stands in clear.
    private mutating func blank() {
        var blank = AccountView(id)
        blank.version = version
        blank.position = position
        blank.createdPosition = createdPosition
        blank.createdAt = createdAt
        blank.updatedAt = updatedAt
        blank.system = system
        blank.space = space
        blank.isErased = true
        self = blank
    }

    private mutating func apply(_ event: Profile.Event) {
        switch event {
        case .profileChanged(let profile): self.profile = profile
        case .emailsChanged(let emails): self.emails = emails.map(\.text)
        case .emailsInserted(let new): emails.append(contentsOf: new.map(\.text))
        case .emailsDeleted(let old):
            emails.removeAll { email in old.contains { $0.text.utf8.elementsEqual(email.utf8) } }
        case .nameChanged(let name): self.name = name.text
        }
    }

    private mutating func apply(_ event: AccountDomain.Backup.Event) {
        switch event {
        case .replaced(let new):
            backup = Backup(version: new.version, length: new.length, sha256: new.sha256, storedAt: updatedAt)
        case .locked: isBackupLocked = true
        }
    }

    private mutating func apply(_ event: Devices.Event) {
        switch event {
        case .added(let device):
            devices.append(
                Device(
                    ordinal: device.ordinal, id: device.id.text, name: device.name?.text, addedAt: updatedAt,
                    revokedAt: nil, publicKey: device.publicKey?.text, reason: nil))
        case .renamed(let ordinal, let name): change(ordinal) { $0.name = name?.text }
        case .revoked(let ordinal, let reason):
            let revokedAt = updatedAt
            change(ordinal) {
                $0.revokedAt = revokedAt
                $0.reason = reason?.text
            }
        }
    }

    private mutating func change(_ ordinal: Int, _ body: (inout Device) -> Void) {
        guard let index = devices.firstIndex(where: { $0.ordinal == ordinal }) else { return }
        body(&devices[index])
    }

    private mutating func apply(_ event: AccessKeys.Event) {
        switch event {
        case .issued(let key):
            keys.append(
                Key(
                    id: key.id, kind: key.kind, label: key.label?.text, createdAt: updatedAt, revokedAt: nil,
                    publicKey: key.publicKey))
        case .revoked(let id):
            guard let index = keys.firstIndex(where: { $0.id == id }) else { return }
            keys[index].revokedAt = updatedAt
        }
    }

    private mutating func apply(_ event: RemotesAuth.Event) {
        switch event {
        case .inserted(let modes):
            remotesAuth = RemoteAuthMode.allCases.filter { remotesAuth.contains($0) || modes.contains($0) }
        case .deleted(let modes): remotesAuth.removeAll { modes.contains($0) }
        }
    }
}
