public import AccountDomain
public import EventCoding
public import ProjectionKit

/// Devices across all accounts: `rm.devices_N`, and `rm.device_lookups_N` for searches by the device's id.
public struct DevicesProjection: Projection {
    /// The devices of one account.
    public struct State: Sendable {
        /// A device and the version of the stream that touched it last.
        struct Entry: Sendable {
            var view: DeviceRecord?
            var version: Int32
            var addedAt: Moment
            var isTouched = false
            var isNew = false
        }

        fileprivate(set) var entries: [Int32: Entry] = [:]
        /// Whether an event could not be told, because the person was erased.
        fileprivate var hasUntold = false
        /// Whether the person was erased, and so no row is left.
        fileprivate var isGone = false
        fileprivate var mustRemove = false

        /// The devices that are known, by ordinal.
        public var devices: [Int32: DeviceRecord] { entries.compactMapValues(\.view) }
    }

    /// The kind of the look-up key: `MasterKey.lookupKey(kind: 2, scope: "", id)`.
    public static let idLookup: Int16 = 2

    /// Where a device's box stands: `devices/3` for the third.
    public func viewPlace(ordinal: Int32) -> String { "devices/\(ordinal)" }

    /// The name in `ledger.projections`.
    public let name = "devices"
    /// The version of the fold and of the tables' form.
    public let version: Int32 = 1
    /// The statements.
    public let sql: ProjectionSQL
    /// Only what concerns devices is folded.
    public let foldsWholeStreams = false

    private let master: MasterKey
    private let addLookups: String
    private let removeAll: String

    /// The projection with the key that look-ups are made with.
    public init(master: MasterKey) {
        self.master = master
        sql = ProjectionSQL(
            schema: PackageResources.schema_sql, indexes: PackageResources.indexes_sql,
            load: PackageResources.load_sql, upsert: PackageResources.upsert_sql, remove: PackageResources.remove_sql)
        addLookups = ProjectionSQL.text(PackageResources.lookups_add_sql)
        removeAll = ProjectionSQL.text(PackageResources.remove_all_sql)
    }

    /// What happens to devices, and the erasure of their owner.
    public func takes(_ type: String) -> Bool { type.hasPrefix("device.") || type.hasPrefix("account.erased.") }

    /// An account without devices.
    public func start(_ stream: StreamID) -> State { State() }

    /// The devices that rows stand for.
    public func restore(_ stream: StreamID, from rows: [StoredRow]) throws(ProjectionFault) -> State {
        var state = State()
        for row in rows where !row.isBlank {
            var view: DeviceRecord?
            if let bytes = row.view {
                guard let record = DeviceRecord(stored: bytes) else { throw .unreadableView }
                view = record
            }
            // Without a view the time is not known, and an update does not write it.
            state.entries[row.ordinal] = State.Entry(
                view: view, version: row.version, addedAt: view?.addedAt ?? Moment(microseconds: 0))
        }
        return state
    }

    /// Takes the next event.
    public func apply(_ event: ProjectedEvent, to state: inout State) throws(ProjectionFault) {
        switch event.event {
        case nil: state.hasUntold = true
        case .account(.lifecycle(.erased)): blank(&state, at: event.version)
        case .account(.devices(let change)): try apply(change, event, to: &state)
        default: throw .impossible("not a device's")
        }
    }

    private func apply(_ change: Devices.Event, _ event: ProjectedEvent, to state: inout State) throws(ProjectionFault)
    {
        switch change {
        case .added(let device):
            guard !state.isGone else { return }
            let ordinal = Int32(truncatingIfNeeded: device.ordinal)
            guard state.entries[ordinal] == nil else { throw .impossible("a device added twice") }
            let record = DeviceRecord(
                id: device.id.text, name: device.name?.text, publicKey: device.publicKey?.text,
                addedAt: event.recordedAt)
            state.entries[ordinal] = State.Entry(
                view: record, version: event.version, addedAt: event.recordedAt, isTouched: true, isNew: true)
        case .renamed(let ordinal, let name):
            try amend(ordinal, event, &state) { $0.name = name?.text }
        case .revoked(let ordinal, let reason):
            try amend(ordinal, event, &state) {
                $0.reason = reason?.text
                $0.revokedAt = event.recordedAt
            }
        }
    }

    private func amend(
        _ ordinal: Int, _ event: ProjectedEvent, _ state: inout State, _ body: (inout DeviceRecord) -> Void
    ) throws(ProjectionFault) {
        let ordinal = Int32(truncatingIfNeeded: ordinal)
        guard var entry = state.entries[ordinal] else {
            // Of an erased person only what stands in clear is left: the device's addition could not be told.
            if state.hasUntold || state.isGone { return }
            throw .impossible("a device that was never added")
        }
        guard var view = entry.view else { return }
        body(&view)
        entry.view = view
        entry.version = event.version
        entry.isTouched = true
        state.entries[ordinal] = entry
    }

    /// Forgets every device, and that it was there: a fold that begins after the erasure cannot know of it either.
    public func blank(_ state: inout State, at version: Int32) {
        state.isGone = true
        guard !state.entries.isEmpty else { return }
        state.entries = [:]
        state.mustRemove = true
    }

    /// Rows of the devices that were touched, and look-ups of those that are new; none of the erased.
    public func writes(_ streams: inout [FoldedStream<State>]) -> [TableWrite] {
        var rows = Rows()
        var stale: [StreamID] = []
        for index in streams.indices {
            let folded = streams[index]
            if folded.state.mustRemove { stale.append(folded.stream) }
            for (ordinal, entry) in folded.state.entries.sorted(by: { $0.key < $1.key }) where entry.isTouched {
                rows.streams.append(folded.stream)
                rows.ordinals.append(ordinal)
                rows.versions.append(entry.version)
                rows.added.append(entry.addedAt)
                rows.revoked.append(entry.view?.revokedAt)
                rows.boxes.append(
                    entry.view.flatMap { folded.seal($0.stored, at: viewPlace(ordinal: ordinal)) })
                if entry.isNew, let view = entry.view {
                    rows.keys.append(master.lookupKey(kind: Self.idLookup, scope: "", view.id))
                    rows.keyStreams.append(folded.stream)
                    rows.keyOrdinals.append(ordinal)
                }
                streams[index].state.entries[ordinal]?.isTouched = false
                streams[index].state.entries[ordinal]?.isNew = false
            }
            streams[index].state.mustRemove = false
        }
        var writes: [TableWrite] = []
        if !rows.streams.isEmpty {
            writes.append(
                TableWrite(
                    sql.upsert,
                    [
                        .ids(rows.streams), .int4(rows.ordinals), .int4(rows.versions), .moments(rows.added),
                        .optionalMoments(rows.revoked), .optionalBytes(rows.boxes),
                    ], expectedRows: rows.streams.count))
        }
        if !stale.isEmpty { writes.append(TableWrite(removeAll, [.ids(stale)])) }
        if !rows.keys.isEmpty {
            writes.append(
                TableWrite(addLookups, [.bytes(rows.keys), .ids(rows.keyStreams), .int4(rows.keyOrdinals)]))
        }
        return writes
    }

    /// The columns of one write.
    private struct Rows {
        var streams: [StreamID] = []
        var ordinals: [Int32] = []
        var versions: [Int32] = []
        var added: [Moment] = []
        var revoked: [Moment?] = []
        var boxes: [[UInt8]?] = []
        var keys: [[UInt8]] = []
        var keyStreams: [StreamID] = []
        var keyOrdinals: [Int32] = []
    }
}
