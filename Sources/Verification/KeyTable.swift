import AccountDomain
import EventCoding
import PostgresClient
import PostgresLedger
import Synchronization

/// The keys of streams, unwrapped once and looked up for every box, as far as there is room for them.
///
/// It knows all streams of the first lanes; the boxes of the others are opened lane by lane.
struct KeyTable: Sendable {
    /// What became of a stream's key.
    enum Standing {
        case missing, destroyed
        /// It does not open, and why.
        case shut(String)
        case living(StreamKey)
    }

    /// The number of a living key, counted from 1; below 0 for those that are destroyed or shut.
    private var places: StreamTable
    private var keys: [StreamKey] = []
    private var shut: [StreamID: String] = [:]
    /// How many lanes, from the first on, it has all keys of.
    private(set) var lanes: Int64 = 0
    private var last: StreamID?
    private let capacity: Int

    /// What one stream takes: its slots at their most, its place in the array, and the key itself.
    static let bytesPerStream = StreamTable.bytesPerSlot * 8 / 3 + MemoryLayout<StreamKey>.stride + 80

    private init(capacity: Int) {
        var slots = 4
        while StreamTable.capacity(slots: slots) < capacity { slots *= 2 }
        places = StreamTable(slots: slots, maximumSlots: slots)
        self.capacity = capacity
    }

    private static let destroyed: Int32 = -1
    private static let unopened: Int32 = -2

    /// The key of a stream; nil when it is destroyed, does not open, or belongs to a lane that is not known.
    func key(_ high: UInt64, _ low: UInt64) -> StreamKey? {
        let number = places.value(high, low)
        guard number > 0, let last, high <= last.high else { return nil }
        return keys[Int(number) - 1]
    }

    /// What became of the key of a stream, whose lane must be one of those that are known.
    func standing(of stream: StreamID) -> Standing {
        switch places.value(stream.high, stream.low) {
        case 0: .missing
        case Self.destroyed: .destroyed
        case Self.unopened: .shut(shut[stream] ?? "")
        case let number: .living(keys[Int(number) - 1])
        }
    }

    /// Reads the keys of as many lanes as there is room for; blocks.
    static func read(
        _ run: VerificationRun, _ keyring: Keyring, _ lanes: StreamLanes, capacity: Int, _ readers: SnapshotReaders
    ) throws -> KeyTable {
        let table = Mutex(KeyTable(capacity: capacity))
        // The first lane that there was no room for.
        let full = Mutex(lanes.count)
        let next = Counter(0)
        try readers.run(name: "keys") { connection in
            while true {
                let lane = next.take()
                guard lane < full.withLock({ $0 }) else { break }
                let keys = try Self.keys(run, keyring, lanes[lane], on: connection)
                if !table.withLock({ $0.add(keys) }) { full.withLock { $0 = min($0, lane) } }
            }
        }
        return table.withLock { table in
            table.lanes = full.withLock { $0 }
            table.last = table.lanes == 0 ? nil : lanes[table.lanes - 1].upperBound
            return table
        }
    }

    private static func keys(
        _ run: VerificationRun, _ keyring: Keyring, _ ids: ClosedRange<StreamID>, on connection: PostgresConnection
    ) throws -> [(id: StreamID, standing: Standing)] {
        var keys: [(id: StreamID, standing: Standing)] = []
        let statement = Statement.copy(
            Statement.copyKeys,
            ["log": "\(run.log)", "first": ids.lowerBound.description, "last": ids.upperBound.description])
        try connection.copyOut(statement) { row in
            let id = try row.uuid()
            let stream = StreamID(high: id.high, low: id.low)
            let epoch = try row.int32()
            guard let wrapped = try row.optionalBytea() else { return keys.append((stream, .destroyed)) }
            do throws(EventCodingError) {
                let key = try keyring.unwrap(wrapped, epoch: epoch, log: run.log, stream: stream)
                keys.append((stream, .living(key)))
            } catch {
                keys.append((stream, .shut(error.description)))
            }
        }
        return keys
    }

    /// False when there is no room for all of them.
    private mutating func add(_ more: [(id: StreamID, standing: Standing)]) -> Bool {
        for (id, standing) in more {
            guard places.count < capacity else { return false }
            let number: Int32
            switch standing {
            case .missing: continue
            case .destroyed: number = Self.destroyed
            case .shut(let reason):
                shut[id] = reason
                number = Self.unopened
            case .living(let key):
                keys.append(key)
                number = Int32(keys.count)
            }
            guard places.set(id.high, id.low, number) else { return false }
        }
        return true
    }
}

/// The log's secrets, and the streams' keys that they opened.
struct UnlockedKeys: Sendable {
    let secrets: LedgerKeys
    /// Nil when this user may not look at the streams' keys.
    let table: KeyTable?
    /// The lanes that the table counts by.
    let lanes: StreamLanes
}
