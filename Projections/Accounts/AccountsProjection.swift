public import AccountDomain
public import Accounts
public import EventCoding
public import ProjectionKit

/// Accounts as the doors show them: `rm.accounts_N`, and `rm.account_lookups_N` for searches by e-mail address.
public struct AccountsProjection: Projection {
    /// What is known of one account.
    public struct State: Sendable {
        /// The account as it is shown; nil once the person is erased.
        public internal(set) var view: AccountView?
        var createdPosition: Int64 = 0
        var createdAt = Moment(microseconds: 0)
        var updatedAt = Moment(microseconds: 0)
        var system = System.native
        var space: SpaceID?
        var nameKey: [UInt8]?
        /// Whether the look-up rows differ from the addresses.
        fileprivate var mustWriteLookups = false
    }

    /// The kind of look-up by e-mail address: `MasterKey.lookupKey(kind: 1, scope: "", address)`.
    public static let emailLookup: Int16 = 1

    /// Where the view's box stands: `accounts`, for a stream has one row.
    public func viewPlace(ordinal: Int32) -> String { name }

    /// The name in `ledger.projections`.
    public let name = "accounts"
    /// The version of the fold and of the tables' form.
    public let version: Int32 = 1
    /// The statements.
    public let sql: ProjectionSQL
    /// A missing version is an alarm.
    public let foldsWholeStreams = true

    private let master: MasterKey
    private let addLookups: String
    private let removeLookups: String

    /// The projection with the key that look-ups are made with.
    public init(master: MasterKey) {
        self.master = master
        sql = ProjectionSQL(
            schema: PackageResources.schema_sql, indexes: PackageResources.indexes_sql,
            load: PackageResources.load_sql, upsert: PackageResources.upsert_sql, remove: PackageResources.remove_sql)
        addLookups = ProjectionSQL.text(PackageResources.lookups_add_sql)
        removeLookups = ProjectionSQL.text(PackageResources.lookups_remove_sql)
    }

    /// Everything but what happens to identities, Spaces and activations.
    public func takes(_ type: String) -> Bool {
        !type.hasPrefix("identity.") && !type.hasPrefix("space.") && !type.hasPrefix("activation.")
    }

    /// An account of which nothing is known yet.
    public func start(_ stream: StreamID) -> State { State(view: AccountView(stream)) }

    /// The account that a row stands for.
    ///
    /// What never changes is left out: an update does not write it.
    public func restore(_ stream: StreamID, from rows: [StoredRow]) throws(ProjectionFault) -> State {
        guard let bytes = rows.first?.view else { return State(view: nil) }
        guard let view = AccountView(stream, AccountView.Encoded(bytes: bytes)) else { throw .unreadableView }
        var state = State(view: view)
        state.createdPosition = view.createdPosition
        state.createdAt = view.createdAt
        state.updatedAt = view.updatedAt
        state.system = view.system
        state.space = view.space
        state.nameKey = view.name.map { key(ofName: $0) }
        return state
    }

    /// Takes the next event.
    public func apply(_ event: ProjectedEvent, to state: inout State) throws(ProjectionFault) {
        state.updatedAt = event.recordedAt
        guard let happened = event.event else { return }
        guard case .account(let change) = happened else { throw .impossible("not an account's") }
        if case .lifecycle(.created(let creation)) = change {
            state.createdPosition = event.position
            state.createdAt = event.recordedAt
            state.system = creation.system
            state.space = creation.space
            state.nameKey = creation.name.map { key(ofName: $0.text) }
            state.mustWriteLookups = !creation.emails.isEmpty
        }
        // A comparison would copy the view, for every event.
        if case .none = state.view { return }
        if case .lifecycle(.erased) = change { return blank(&state, at: event.version) }
        state.view?.apply(
            change, version: event.version, position: event.position, recordedAt: event.recordedAt)
        switch change {
        case .profile(.nameChanged(let name)): state.nameKey = key(ofName: name.text)
        case .profile(.emailsChanged), .profile(.emailsInserted), .profile(.emailsDeleted):
            state.mustWriteLookups = true
        default: break
        }
    }

    /// Forgets name, addresses and view.
    public func blank(_ state: inout State, at version: Int32) {
        state.view = nil
        state.nameKey = nil
        state.mustWriteLookups = true
    }

    /// Rows of accounts, and the look-ups of those whose addresses changed.
    public func writes(_ streams: inout [FoldedStream<State>]) -> [TableWrite] {
        var rows = AccountRows(capacity: streams.count)
        for index in streams.indices { rows.append(&streams[index], place: name) }
        return [TableWrite(sql.upsert, rows.columns, expectedRows: streams.count)] + lookupWrites(&streams)
    }

    private func lookupWrites(_ streams: inout [FoldedStream<State>]) -> [TableWrite] {
        var stale: [StreamID] = []
        var keys: [[UInt8]] = []
        var owners: [StreamID] = []
        for index in streams.indices where streams[index].state.mustWriteLookups {
            streams[index].state.mustWriteLookups = false
            let stream = streams[index].stream
            if !streams[index].isNew { stale.append(stream) }
            for email in streams[index].state.view?.lend({ $0.emails }) ?? [] {
                keys.append(master.lookupKey(kind: Self.emailLookup, scope: "", email))
                owners.append(stream)
            }
        }
        var writes: [TableWrite] = []
        if !stale.isEmpty { writes.append(TableWrite(removeLookups, [.ids(stale)])) }
        if !keys.isEmpty {
            let kinds = [Int16](repeating: Self.emailLookup, count: keys.count)
            writes.append(TableWrite(addLookups, [.int2(kinds), .bytes(keys), .ids(owners)]))
        }
        return writes
    }

    private func key(ofName name: String) -> [UInt8] { master.reservationKey(.accountName, name) }
}
