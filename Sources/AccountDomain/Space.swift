/// The rules and names of a Space.
public struct SpaceSettings: Sendable, Equatable {
    /// What it is called.
    public var name: SpaceName
    /// Its SIP domain; it never changes.
    public var domain: SpaceDomain
    /// Where it is served.
    public var host: SpaceDomain?
    /// Whether its administrators administer every Space (Flexisip).
    public var isSuper: Bool
    /// The realm of its digests, when it is not the domain.
    public var realm: String?
    /// How many accounts it may have.
    public var maximumAccounts: Int?
    /// Whether an e-mail address may belong to one of its accounts only.
    public var emailUnique: Bool
    /// When it ends.
    public var expiresAt: Moment?
    /// The shortest name of an account.
    public var usernameMinimumLength: Int
    /// The shortest password, in bytes.
    public var passwordMinimumLength: Int

    /// Settings.
    public init(
        name: SpaceName, domain: SpaceDomain, host: SpaceDomain? = nil, isSuper: Bool = false, realm: String? = nil,
        maximumAccounts: Int? = nil, emailUnique: Bool = false, expiresAt: Moment? = nil,
        usernameMinimumLength: Int = 1, passwordMinimumLength: Int = 6
    ) {
        self.name = name
        self.domain = domain
        self.host = host
        self.isSuper = isSuper
        self.realm = realm
        self.maximumAccounts = maximumAccounts
        self.emailUnique = emailUnique
        self.expiresAt = expiresAt
        self.usernameMinimumLength = usernameMinimumLength
        self.passwordMinimumLength = passwordMinimumLength
    }
}

/// A tenant: accounts under one domain, with rules of its own (Flexisip).
public struct Space: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Opens it.
        case create(SpaceSettings)
        /// Replaces its settings.
        case change(SpaceSettings)
        /// Begins its erasure.
        case close
        /// Forgets it, once its accounts are erased.
        case end
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// It was opened.
        case created(SpaceSettings)
        /// Its settings are now these.
        case changed(SpaceSettings)
        /// Its erasure began.
        case closed
        /// It was forgotten.
        case ended
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// It was opened before.
        case alreadyExists
        /// It was never opened, or was forgotten.
        case missing
        /// Its erasure has begun.
        case closed
        /// Its domain never changes.
        case domainFixed
        /// It is not closed yet.
        case notClosed
    }

    /// Its settings; nil before its opening and after its end.
    public private(set) var settings: SpaceSettings?
    /// Whether its erasure has begun.
    public private(set) var isClosed = false
    /// Whether it was forgotten.
    public private(set) var isEnded = false

    /// A Space that was never opened.
    public static let missing = Space()

    private init() {}

    /// Whether accounts may be made in it.
    public var isOpen: Bool { settings != nil && !isClosed && !isEnded }

    /// Decides what a command makes happen; changes nothing.
    public func decide(_ command: Command) throws(Refusal) -> [Event] {
        if case .create(let new) = command {
            guard settings == nil, !isEnded else { throw .alreadyExists }
            return [.created(new)]
        }
        if isEnded, command == .end { return [] }
        guard let settings, !isEnded else { throw .missing }
        switch command {
        case .create: return []
        case .change(let new):
            guard !isClosed else { throw .closed }
            guard new.domain == settings.domain else { throw .domainFixed }
            return new == settings ? [] : [.changed(new)]
        case .close: return isClosed ? [] : [.closed]
        case .end:
            guard isClosed else { throw .notClosed }
            return [.ended]
        }
    }

    /// Takes what happened.
    public mutating func apply(_ event: Event) {
        switch event {
        case .created(let settings), .changed(let settings): self.settings = settings
        case .closed: isClosed = true
        case .ended:
            settings = nil
            isClosed = true
            isEnded = true
        }
    }
}
