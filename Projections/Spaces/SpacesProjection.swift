public import AccountDomain
import EventCoding
public import ProjectionKit

/// Spaces as `/v1` lists them: `rm.spaces_N`.
public struct SpacesProjection: Projection {
    /// What is known of one Space.
    public struct State: Sendable {
        /// The Space; nil once it is forgotten.
        public fileprivate(set) var record: SpaceRecord?
        fileprivate var createdPosition: Int64 = 0
        fileprivate var createdAt = Moment(microseconds: 0)
        fileprivate var isEnded = false
    }

    /// Where the view's box stands: `spaces`, for a stream has one row.
    public func viewPlace(ordinal: Int32) -> String { name }

    /// The name in `ledger.projections`.
    public let name = "spaces"
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

    /// What happens to Spaces.
    public func takes(_ type: String) -> Bool { type.hasPrefix("space.") }

    /// A Space of which nothing is known yet.
    public func start(_ stream: StreamID) -> State { State() }

    /// The Space that a row stands for.
    ///
    /// What never changes is left out: an update does not write it.
    public func restore(_ stream: StreamID, from rows: [StoredRow]) throws(ProjectionFault) -> State {
        guard let bytes = rows.first?.view else { return State(isEnded: true) }
        guard let record = SpaceRecord(stored: bytes) else { throw .unreadableView }
        return State(record: record)
    }

    /// Takes the next event.
    public func apply(_ event: ProjectedEvent, to state: inout State) throws(ProjectionFault) {
        if event.version == 1 {
            state.createdPosition = event.position
            state.createdAt = event.recordedAt
        }
        guard let happened = event.event else { return }
        guard case .space(let change) = happened else { throw .impossible("not a Space's") }
        switch change {
        case .created(let settings): state.record = SpaceRecord(settings: settings)
        case .changed(let settings): state.record?.settings = settings
        case .closed: state.record?.isClosed = true
        case .ended: blank(&state, at: event.version)
        }
    }

    /// Forgets the settings.
    public func blank(_ state: inout State, at version: Int32) {
        state.record = nil
        state.isEnded = true
    }

    /// Rows of Spaces.
    public func writes(_ streams: inout [FoldedStream<State>]) -> [TableWrite] {
        [
            TableWrite(
                sql.upsert,
                [
                    .ids(streams.map(\.stream)), .int4(streams.map(\.version)), .int4(streams.map(\.applied)),
                    .int8(streams.map(\.state.createdPosition)), .moments(streams.map(\.state.createdAt)),
                    .flags(streams.map { $0.state.record?.isClosed ?? true }),
                    .flags(streams.map(\.state.isEnded)),
                    .optionalBytes(
                        streams.map { folded in
                            folded.state.record.flatMap { folded.seal($0.stored, at: name) }
                        }),
                ], expectedRows: streams.count)
        ]
    }
}
