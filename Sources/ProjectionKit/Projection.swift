public import AccountDomain

/// A read model: tables in schema `rm`, and the pure fold that fills them (docs/log.md).
///
/// A row is fed by exactly one stream. The engine does all the rest: it reads the log in lanes, opens boxes, keeps
/// states, writes, and moves the checkpoints, exactly once and with any number of workers.
public protocol Projection: Sendable {
    /// What is known of one stream while its events are folded.
    associatedtype State: Sendable

    /// Its name, in lower case, as it stands in `ledger.projections` and in the names of its tables.
    var name: String { get }

    /// The version of the fold and of its tables' form; a change of either counts it up, and starts a rebuild.
    ///
    /// Not the suffix of the tables: that counts builds, of which one fold may see several.
    var version: Int32 { get }

    /// Its statements, as templates.
    var sql: ProjectionSQL { get }

    /// Whether it folds every event of the streams that it folds at all.
    ///
    /// Then a missing version is noticed at once; otherwise only that versions rise.
    var foldsWholeStreams: Bool { get }

    /// Where a row's box stands, so that none can take another's place: `StreamKey.open(_:at: .view(place))`.
    func viewPlace(ordinal: Int32) -> String

    /// Whether it folds events of a stored type.
    func takes(_ type: String) -> Bool

    /// The state of a stream of which nothing was folded yet.
    func start(_ stream: StreamID) -> State

    /// The state that a stream's rows stand for.
    ///
    /// - Throws: ``ProjectionFault`` when a view is not what this projection wrote.
    func restore(_ stream: StreamID, from rows: [StoredRow]) throws(ProjectionFault) -> State

    /// Takes the next event.
    ///
    /// - Throws: ``ProjectionFault``, upon which the stream is parked.
    func apply(_ event: ProjectedEvent, to state: inout State) throws(ProjectionFault)

    /// Forgets everything personal at a version of the stream, for its key was destroyed.
    func blank(_ state: inout State, at version: Int32)

    /// The writes that bring the tables level with some streams, in the order in which they are to be made.
    ///
    /// It may note in the states what was written; when the writes fail, the states are thrown away.
    func writes(_ streams: inout [FoldedStream<State>]) -> [TableWrite]
}
