public import AccountDomain
import EventCoding
public import ProjectionKit

/// Identities as `/v1` lists them: `rm.identities_N`.
public struct IdentitiesProjection: Projection {
    /// What is known of one identity.
    public struct State: Sendable {
        /// The identity; nil once it is forgotten.
        public fileprivate(set) var record: IdentityRecord?
        fileprivate var createdPosition: Int64 = 0
        fileprivate var createdAt = Moment(microseconds: 0)
        fileprivate var isEnded = false
    }

    /// Where the view's box stands: `identities`, for a stream has one row.
    public func viewPlace(ordinal: Int32) -> String { name }

    /// The name in `ledger.projections`.
    public let name = "identities"
    /// The version of the fold and of the tables' form.
    public let version: Int32 = 1
    /// The statements.
    public let sql: ProjectionSQL
    /// A missing version is an alarm.
    public let foldsWholeStreams = true

    /// The projection.
    public init() {
        sql = ProjectionSQL(
            schema: PackageResources.schema_sql, indexes: PackageResources.indexes_sql,
            load: PackageResources.load_sql, upsert: PackageResources.upsert_sql, remove: PackageResources.remove_sql)
    }

    /// What happens to identities.
    public func takes(_ type: String) -> Bool { type.hasPrefix("identity.") }

    /// An identity of which nothing is known yet.
    public func start(_ stream: StreamID) -> State { State() }

    /// The identity that a row stands for.
    ///
    /// What never changes is left out: an update does not write it.
    public func restore(_ stream: StreamID, from rows: [StoredRow]) throws(ProjectionFault) -> State {
        guard let bytes = rows.first?.view else { return State(isEnded: true) }
        guard let record = IdentityRecord(stored: bytes) else { throw .unreadableView }
        return State(record: record)
    }

    /// Takes the next event.
    public func apply(_ event: ProjectedEvent, to state: inout State) throws(ProjectionFault) {
        if event.version == 1 {
            state.createdPosition = event.position
            state.createdAt = event.recordedAt
        }
        guard let happened = event.event else { return }
        guard case .identity(let change) = happened else { throw .impossible("not an identity's") }
        switch change {
        case .created(let identifier): state.record = IdentityRecord(identifier: identifier.text)
        case .mfaChanged(let method): state.record?.mfa = method
        case .linked(let account): state.record?.account = account
        case .unlinked: state.record?.account = nil
        case .tokenRevoked, .codeIssued, .codeFailed, .codeUsed, .publicKeysSet, .notified: break
        case .ended: blank(&state, at: event.version)
        }
    }

    /// Forgets the address and the account.
    public func blank(_ state: inout State, at version: Int32) {
        state.record = nil
        state.isEnded = true
    }

    /// Rows of identities.
    public func writes(_ streams: inout [FoldedStream<State>]) -> [TableWrite] {
        [
            TableWrite(
                sql.upsert,
                [
                    .ids(streams.map(\.stream)), .int4(streams.map(\.version)), .int4(streams.map(\.applied)),
                    .int8(streams.map(\.state.createdPosition)), .moments(streams.map(\.state.createdAt)),
                    .optionalIDs(streams.map(\.state.record?.account)),
                    .texts(streams.map { ($0.state.record?.mfa ?? .disabled).rawValue }),
                    .flags(streams.map(\.state.isEnded)),
                    .optionalBytes(
                        streams.map { folded in
                            folded.state.record.flatMap { folded.seal($0.stored, at: name) }
                        }),
                ], expectedRows: streams.count)
        ]
    }
}
