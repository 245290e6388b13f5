/// What a new account starts with.
public struct Creation: Sendable, Equatable {
    /// The door that makes it.
    public let system: System
    /// The Space it belongs to.
    public let space: SpaceID?
    /// The domain of that Space; it never changes.
    public let spaceDomain: SpaceDomain?
    /// Whether it is activated at once.
    public let activated: Bool
    /// Its name.
    public let name: AccountName?
    /// Its addresses.
    public let emails: [EmailAddress]
    /// Its profile.
    public let profile: ProfileMembers

    /// What a new account starts with.
    public init(
        system: System, space: SpaceID? = nil, spaceDomain: SpaceDomain? = nil, activated: Bool = false,
        name: AccountName? = nil, emails: [EmailAddress] = [], profile: ProfileMembers = .empty
    ) {
        self.system = system
        self.space = space
        self.spaceDomain = spaceDomain
        self.activated = activated
        self.name = name
        self.emails = emails
        self.profile = profile
    }
}

/// Unique values that stay reserved after an erasure.
public struct KeptReservation: Sendable, Equatable {
    /// Their kind.
    public let namespace: Namespace
    /// How many.
    public let count: Int

    /// So many of a kind.
    public init(namespace: Namespace, count: Int) {
        self.namespace = namespace
        self.count = count
    }
}

/// Whether the account exists, and what it may do: created, activated, blocked, erased for good.
public struct Lifecycle: Sendable, Equatable {
    /// What can be asked.
    public enum Command: Sendable, Equatable {
        /// Makes the account.
        case create(Creation)
        /// Confirms that somebody is behind it.
        case activate(reason: Reason?)
        /// Takes that back.
        case deactivate(reason: Reason?)
        /// Lets the account itself do nothing any more.
        case block(reason: Reason?)
        /// Takes that back.
        case unblock(reason: Reason?)
        /// Forgets the person for good.
        case erase(kept: [KeptReservation])
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// It was made.
        case created(Creation)
        /// It was activated.
        case activated(reason: Reason?)
        /// It was deactivated.
        case deactivated(reason: Reason?)
        /// It was blocked.
        case blocked(reason: Reason?)
        /// It was unblocked.
        case unblocked(reason: Reason?)
        /// The person was erased.
        case erased(kept: [KeptReservation])
    }

    /// Why not.
    public enum Refusal: Error, Sendable, Equatable {
        /// It was made before.
        case alreadyExists
        /// It was never made.
        case missing
        /// The person was erased.
        case erased
    }

    private enum Phase: Sendable { case missing, living, erased }

    private var phase = Phase.missing
    /// The door that made it.
    public private(set) var system = System.native
    /// The Space it belongs to.
    public private(set) var space: SpaceID?
    /// The domain of that Space.
    public private(set) var spaceDomain: SpaceDomain?
    /// Whether it is activated.
    public private(set) var isActivated = false
    /// Whether it is blocked.
    public private(set) var isBlocked = false

    /// Whether it was never made.
    public var isMissing: Bool { phase == .missing }
    /// Whether it exists and was not erased.
    public var isLiving: Bool { phase == .living }
    /// Whether the person was erased.
    public var isErased: Bool { phase == .erased }

    init() {}

    func decide(_ command: Command) throws(Refusal) -> [Event] {
        if case .create(let creation) = command {
            guard isMissing else { throw .alreadyExists }
            return [.created(creation)]
        }
        switch phase {
        case .missing: throw .missing
        case .erased: throw .erased
        case .living: break
        }
        switch command {
        case .create: return []
        case .activate(let reason): return isActivated ? [] : [.activated(reason: reason)]
        case .deactivate(let reason): return isActivated ? [.deactivated(reason: reason)] : []
        case .block(let reason): return isBlocked ? [] : [.blocked(reason: reason)]
        case .unblock(let reason): return isBlocked ? [.unblocked(reason: reason)] : []
        case .erase(let kept): return [.erased(kept: kept.sorted { $0.namespace < $1.namespace })]
        }
    }

    mutating func apply(_ event: Event) {
        switch event {
        case .created(let creation):
            phase = .living
            system = creation.system
            space = creation.space
            spaceDomain = creation.spaceDomain
            isActivated = creation.activated
        case .activated: isActivated = true
        case .deactivated: isActivated = false
        case .blocked: isBlocked = true
        case .unblocked: isBlocked = false
        case .erased: phase = .erased
        }
    }
}
