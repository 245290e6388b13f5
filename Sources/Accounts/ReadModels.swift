public import AccountDomain

/// What readers ask.
///
/// Answers are never stale: they include every acknowledged write, whoever made it (docs/log.md).
public protocol ReadModels: Sendable {
    /// One account, and in the same round trip whether the caller's streams have moved.
    ///
    /// - Throws: ``Failure/notFound``; ``CallerMoved`` inside ``ReadFailure``.
    func account(_ id: AccountID, probing caller: [SeenStream]) async throws(ReadFailure) -> AccountRecord

    /// One account as it was at one of its versions, folded from the log.
    func account(_ id: AccountID, version: Int) async throws(Failure) -> AccountView

    /// One account as it was at a moment of the log.
    ///
    /// - Throws: ``Failure/notFound`` before its creation, ``Failure/erased``, ``Failure/beyondHead``.
    func account(_ id: AccountID, at moment: LogMoment) async throws(Failure) -> AccountView

    /// A page of accounts in the order of their creation.
    func accounts(_ filter: AccountFilter, _ page: PageRequest) async throws(Failure) -> Page<AccountRecord>

    /// The backup events of an account, in order of their versions: `from` up to `limit` of them.
    func backups(of id: AccountID, from version: Int, limit: Int, at moment: LogMoment?) async throws(Failure)
        -> [RecordedEvent]

    /// One identity.
    func identity(_ id: IdentityID) async throws(Failure) -> IdentityView

    /// A page of identities in the order of their creation.
    func identities(_ page: PageRequest) async throws(Failure) -> Page<IdentityView>

    /// One Space with how many accounts it has.
    func space(_ id: SpaceID) async throws(Failure) -> SpaceView

    /// A page of Spaces in the order of their creation.
    func spaces(_ page: PageRequest) async throws(Failure) -> Page<SpaceView>

    /// Whether these streams have moved since they were seen.
    func haveMoved(_ streams: [SeenStream]) async throws(Failure) -> Bool

    /// State and lag of every projection.
    func projections() async throws(Failure) -> [ProjectionStatus]
}

/// Why a read has no answer.
public enum ReadFailure: Error, Sendable, Equatable {
    /// The caller's stream has moved since its credential was checked: check it again, then repeat.
    case callerMoved
    /// Anything else.
    case failed(Failure)
}

/// A moment of the log's past: a position or a time.
public enum LogMoment: Sendable, Equatable {
    /// After the event at this position.
    case position(Int64)
    /// After the last event recorded at or before this time.
    case time(Moment)
}

/// An account as the read model shows it, its bytes ready to be sent.
public struct AccountRecord: Sendable {
    /// The account.
    public let id: AccountID
    /// Its version.
    public let version: Int
    /// The Space it belongs to.
    public let space: SpaceID?
    /// Whether its projection is parked, so that it was folded from the log.
    public let isParked: Bool
    /// The stored view: the `Account` of docs/native-api.md, and what other routes show.
    public let view: AccountView.Encoded

    /// A row of the read model.
    public init(id: AccountID, version: Int, space: SpaceID?, isParked: Bool, view: AccountView.Encoded) {
        self.id = id
        self.version = version
        self.space = space
        self.isParked = isParked
        self.view = view
    }
}

/// Which accounts a list shows; nil members do not filter.
public struct AccountFilter: Sendable, Equatable {
    /// Exact e-mail address.
    public var email: String?
    /// Exact name.
    public var name: String?
    /// The system that made the account.
    public var system: System?
    /// Activated or not.
    public var activated: Bool?
    /// Blocked or not.
    public var blocked: Bool?
    /// The Space.
    public var space: SpaceID?
    /// Created after this moment.
    public var createdAfter: Moment?
    /// Created before this moment.
    public var createdBefore: Moment?

    /// A filter that lets everything through.
    public init() {}
}

/// Which part of a list is wanted, and how old it may be.
public struct PageRequest: Sendable {
    /// The sort key of the last item of the previous page: a position.
    public var after: Int64
    /// How many items at most.
    public var limit: Int
    /// How many milliseconds of lag the client accepts (`Ledger-Max-Lag`); nil: none.
    public var maximumLagMilliseconds: Int?
    /// A position that the answer must include (`Ledger-Min-Position`).
    public var minimumPosition: Int64?

    /// A part of a list.
    public init(after: Int64 = 0, limit: Int = 50, maximumLagMilliseconds: Int? = nil, minimumPosition: Int64? = nil) {
        self.after = after
        self.limit = limit
        self.maximumLagMilliseconds = maximumLagMilliseconds
        self.minimumPosition = minimumPosition
    }
}

/// A part of a list.
public struct Page<Item: Sendable>: Sendable {
    /// The items.
    public let items: [Item]
    /// The sort key from which the next page goes on; nil when this was the last.
    public let next: Int64?
    /// The position that the list includes.
    public let position: Int64

    /// A part of a list.
    public init(items: [Item], next: Int64?, position: Int64) {
        self.items = items
        self.next = next
        self.position = position
    }
}

/// An identity as `/v1` shows it.
public struct IdentityView: Sendable, Equatable {
    /// The identity.
    public let id: IdentityID
    /// The address it is known by.
    public let identifier: String
    /// Its account, when it has one.
    public let account: AccountID?
    /// How its second factor is checked.
    public let mfa: MFAMethod
    /// Its version.
    public let version: Int
    /// Position of its creation: its place in lists.
    public let createdPosition: Int64

    /// An identity.
    public init(
        id: IdentityID, identifier: String, account: AccountID?, mfa: MFAMethod, version: Int, createdPosition: Int64
    ) {
        self.id = id
        self.identifier = identifier
        self.account = account
        self.mfa = mfa
        self.version = version
        self.createdPosition = createdPosition
    }
}

/// A Space as `/v1` shows it.
public struct SpaceView: Sendable, Equatable {
    /// The Space.
    public let id: SpaceID
    /// Its settings.
    public let settings: SpaceSettings
    /// Whether it is being erased.
    public let isClosed: Bool
    /// How many accounts it has.
    public let accounts: Int
    /// Its version.
    public let version: Int
    /// When it was made.
    public let createdAt: Moment
    /// Position of its creation: its place in lists.
    public let createdPosition: Int64

    /// A Space.
    public init(
        id: SpaceID, settings: SpaceSettings, isClosed: Bool, accounts: Int, version: Int, createdAt: Moment,
        createdPosition: Int64
    ) {
        self.id = id
        self.settings = settings
        self.isClosed = isClosed
        self.accounts = accounts
        self.version = version
        self.createdAt = createdAt
        self.createdPosition = createdPosition
    }
}

/// State and lag of one projection version.
public struct ProjectionStatus: Sendable, Equatable {
    /// A stream that its fold could not take.
    public struct Parked: Sendable, Equatable {
        /// The stream.
        public let stream: StreamID
        /// The first event that failed.
        public let position: Int64
        /// The stored type of that event; nil when it was the stream's row that could not be read.
        public let type: String?
        /// What failed, without any stored value.
        public let error: String
        /// How often it was tried.
        public let attempts: Int

        /// A parked stream.
        public init(stream: StreamID, position: Int64, type: String? = nil, error: String, attempts: Int) {
            self.stream = stream
            self.position = position
            self.type = type
            self.error = error
            self.attempts = attempts
        }
    }

    /// Its name.
    public let name: String
    /// The number of its build, which is the suffix of its tables.
    public let version: Int
    /// The version of the fold that fills them.
    public let fold: Int
    /// building, standby, active, retired or scratch.
    public let state: String
    /// How many lanes it has.
    public let lanes: Int
    /// The lowest lane's position.
    public let position: Int64
    /// How many events lie beyond it.
    public let lagEvents: Int64
    /// How long ago the first of them was recorded, in seconds.
    public let lagSeconds: Double
    /// Streams it could not fold.
    public let parked: [Parked]

    /// A projection's state.
    public init(
        name: String, version: Int, state: String, lanes: Int, position: Int64, lagEvents: Int64, lagSeconds: Double,
        parked: [Parked], fold: Int = 1
    ) {
        self.name = name
        self.version = version
        self.fold = fold
        self.state = state
        self.lanes = lanes
        self.position = position
        self.lagEvents = lagEvents
        self.lagSeconds = lagSeconds
        self.parked = parked
    }
}
