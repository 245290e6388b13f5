public import AccountDomain
import EventCoding
public import ProjectionKit

/// When activations close, so that those long closed are found and forgotten: `rm.activations_N`.
public struct ActivationsProjection: Projection {
    /// What is known of one activation.
    public struct State: Sendable {
        /// When it was redeemed, or can no longer be; nil when that stands in its row already.
        fileprivate var closesAt: Moment?
        fileprivate var isEnded = false
    }

    /// Where a view's box would stand; there is none.
    public func viewPlace(ordinal: Int32) -> String { name }

    /// The name in `ledger.projections`.
    public let name = "activations"
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

    /// What happens to activations.
    public func takes(_ type: String) -> Bool { type.hasPrefix("activation.") }

    /// An activation of which nothing is known yet.
    public func start(_ stream: StreamID) -> State { State() }

    /// The activation that a row stands for; its time stays where it is until another one is known.
    public func restore(_ stream: StreamID, from rows: [StoredRow]) throws(ProjectionFault) -> State { State() }

    /// Takes the next event.
    public func apply(_ event: ProjectedEvent, to state: inout State) throws(ProjectionFault) {
        guard let happened = event.event else { return }
        guard case .activation(let change) = happened else { throw .impossible("not an activation's") }
        switch change {
        case .requested(let request): state.closesAt = request.expiresAt
        case .attemptFailed: break
        case .redeemed(_, let moment): state.closesAt = moment
        case .ended: blank(&state, at: event.version)
        }
    }

    /// Nothing is left to be forgotten.
    public func blank(_ state: inout State, at version: Int32) {
        state.isEnded = true
    }

    /// Rows of activations.
    public func writes(_ streams: inout [FoldedStream<State>]) -> [TableWrite] {
        [
            TableWrite(
                sql.upsert,
                [
                    .ids(streams.map(\.stream)), .int4(streams.map(\.version)), .int4(streams.map(\.applied)),
                    .optionalMoments(streams.map(\.state.closesAt)), .flags(streams.map(\.state.isEnded)),
                ], expectedRows: streams.count)
        ]
    }
}
