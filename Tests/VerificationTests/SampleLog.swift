import AccountDomain
import Accounts
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import TestSupport
import Transparency

/// A sealed log of 585 events, made once through the appender, copied for each test that tampers with it.
///
/// It has a Space with accounts, one of them erased and purged, blobs, boxes, names, an identity; tiles, and checkpoints
/// at several sizes; the last three events are not sealed.
struct SampleLog: Sendable {
    let database: TestDatabase
    let key: SigningKey
    let head: Int64
    /// A checkpoint that was kept when the log had 300 events.
    let early: SignedNote
    let space: StreamID
    let named: StreamID
    let erased: StreamID

    /// The one that all tests copy.
    static let shared = Task { try await SampleLog() }

    private init() async throws {
        database = try TestDatabase.make()
        guard let key = SigningKey.make(name: TestDatabase.origin) else { throw SampleFailure("no key") }
        self.key = key
        let writer = LogWriter(database)
        (space, named, erased) = try await writer.fill()
        await writer.close()
        let connection = try PostgresConnection(database.configuration())
        defer { connection.close() }
        let purge = PostgresStatement("SELECT ledger.purge(0::int2, $1, 1000)", parameterTypes: [.uuid])
        var parameters = PostgresParameters()
        parameters.append(erased)
        try connection.query(purge, parameters)
        head = try TestSealer(key, connection).seal(sizes: [1, 100, 256, 300, 512], unsealed: 3)
        early = try TestSealer(key, connection).note(ofSize: 300)
    }

    /// A copy to tamper with.
    func copy() throws -> TamperedLog { TamperedLog(sample: self, database: try database.copy()) }
}

struct SampleFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Appends to a log as the use cases do.
final class LogWriter: Sendable {
    private let log: PostgresLog
    private let following: Task<Void, Never>

    init(_ database: TestDatabase) {
        let configuration = database.configuration(role: TestDatabase.gatewayRole)
        let log = PostgresLog(
            configuration: PostgresLog.Configuration(), keys: database.keys,
            keyring: LoadedKeyring(database.keys.keyring),
            writer: PostgresPipeline(configuration, name: "writer"),
            reader: PostgresPipeline(configuration, name: "reader"),
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
        self.log = log
        following = Task { await log.run() }
    }

    func close() async {
        following.cancel()
        await following.value
        await log.close()
    }

    func fill() async throws -> (space: StreamID, named: StreamID, erased: StreamID) {
        let space = Self.newStream()
        let settings = SpaceSettings(
            name: try SpaceName("Example"), domain: try SpaceDomain("sip.example.org"), maximumAccounts: 50,
            emailUnique: true)
        try await append(space) { decision in
            decision.append([.space(.created(settings))], to: space)
            decision.take("sip.example.org", in: .spaceDomain, for: space)
            decision.take("Example", in: .spaceName, for: space)
            decision.limit(space, to: 50)
        }
        let identity = Self.newStream()
        try await append(identity) { decision in
            decision.append([.identity(.created(Identifier(stored: "mail:a@example.org")))], to: identity)
            decision.take("mail:a@example.org", in: .identity, for: identity)
        }
        var accounts: [StreamID] = []
        for number in 0..<24 {
            accounts.append(try await create("name\(number)", in: number % 2 == 0 ? space : nil))
        }
        try await addBlob(to: accounts[0])
        try await addBlob(to: accounts[2])
        let erased = accounts.remove(at: 2)
        try await append(erased) { decision in
            decision.append(
                [.account(.lifecycle(.erased(kept: [KeptReservation(namespace: .accountName, count: 1)])))], to: erased)
            decision.count(-1, in: space)
            decision.release("\(space)|name2@example.org", in: .spaceEmail, from: erased)
            decision.destroyKey(of: erased)
        }
        for round in 0..<24 {
            for account in accounts {
                try await append(account) { decision in
                    decision.append(
                        [
                            .account(
                                .lifecycle(
                                    round % 2 == 0
                                        ? .blocked(reason: Reason(stored: "round \(round)")) : .unblocked(reason: nil)))
                        ], to: account)
                }
            }
        }
        let named = accounts[1]
        for _ in 0..<4 {
            try await append(named) { decision in
                decision.append([.account(.lifecycle(.activated(reason: nil)))], to: named)
            }
        }
        return (space, named, erased)
    }

    private func create(_ name: String, in space: StreamID?) async throws -> StreamID {
        let id = Self.newStream()
        let emails = space == nil ? [] : [EmailAddress(stored: "\(name)@example.org")]
        try await append(id) { decision in
            decision.append(
                [
                    .account(
                        .lifecycle(
                            .created(
                                Creation(
                                    system: .native, space: space, activated: true, name: AccountName(stored: name),
                                    emails: emails))))
                ], to: id)
            decision.take(name, in: .accountName, for: id)
            if let space {
                decision.count(1, in: space)
                decision.take("\(space)|\(name)@example.org", in: .spaceEmail, for: id)
            }
        }
        return id
    }

    private func addBlob(to account: StreamID) async throws {
        let blob = try await log.storeBlob([UInt8](repeating: 7, count: 100_000), for: account)
        let version = BackupVersion(
            version: 1, length: 100_000, sha256: Digest.sha256(of: [UInt8](repeating: 7, count: 100_000)),
            content: .blob(blob))
        try await append(account) { decision in
            decision.append([.account(.backup(.replaced(version)))], to: account)
        }
    }

    func append(_ stream: StreamID, _ fill: @escaping @Sendable (inout Decision) -> Void) async throws {
        var generator = SystemRandomNumberGenerator()
        _ = try await log.append(
            LogCommand(
                id: CommandID.random(using: &generator), home: stream, streams: [stream],
                meta: EventMeta(actor: Actor(.root), door: .native, request: RequestID(high: 0x4000, low: 1 << 63)),
                deadline: .now + .seconds(60), authorize: { _ throws(Failure) in },
                decide: { _ throws(Failure) in
                    var decision = Decision()
                    fill(&decision)
                    return decision
                }))
    }

    static func newStream() -> StreamID {
        var generator = SystemRandomNumberGenerator()
        return StreamID.random(using: &generator)
    }
}

/// Seals a log as the sealer does, in one go, from what `ledger.leaf_hash` says.
struct TestSealer {
    private let key: SigningKey
    private let connection: PostgresConnection

    init(_ key: SigningKey, _ connection: PostgresConnection) {
        self.key = key
        self.connection = connection
    }

    private func leaves() throws -> [TreeHash] {
        let rows = try connection.query(
            PostgresStatement("SELECT ledger.leaf_hash(e) FROM ledger.events e WHERE log_id = 0 ORDER BY position"))
        return try (0..<rows.count).map { row in
            guard let hash = TreeHash(bytes: try rows.bytes(row, 0)) else { throw SampleFailure("no hash") }
            return hash
        }
    }

    private func checkpoint(_ leaves: ArraySlice<TreeHash>) -> Checkpoint {
        var tree = MerkleFrontier()
        for leaf in leaves { tree.append(leaf) }
        return Checkpoint(origin: key.name, size: tree.size, root: tree.root)
    }

    func note(ofSize size: Int) throws -> SignedNote { try checkpoint(leaves()[..<size]).signed(with: [key]) }

    /// Writes tiles, and checkpoints of these sizes and of all but the last few events.
    ///
    /// - Returns: the head.
    func seal(sizes: [Int], unsealed: Int) throws -> Int64 {
        let leaves = try leaves()
        let sealed = leaves.count - unsealed
        let insertTile = PostgresStatement(
            "INSERT INTO ledger.tiles (log_id, level, idx, hashes, root) VALUES (0, 0, $1, $2, $3)",
            parameterTypes: [.int8, .bytea, .bytea])
        for index in 0..<sealed / 256 {
            guard
                let tile = HashTile(
                    level: 0, index: Int64(index), hashes: Array(leaves[(index * 256)..<(index * 256 + 256)]))
            else { throw SampleFailure("no tile") }
            var parameters = PostgresParameters()
            parameters.append(tile.index)
            parameters.append(tile.bytes)
            parameters.append(tile.root.bytes)
            try connection.query(insertTile, parameters)
        }
        for size in sizes.filter({ $0 < sealed }) + [sealed] {
            try insert(checkpoint(leaves[..<size]), signedWith: key)
        }
        return Int64(leaves.count)
    }

    func insert(_ checkpoint: Checkpoint, signedWith key: SigningKey) throws {
        let statement = PostgresStatement(
            "INSERT INTO ledger.checkpoints (log_id, tree_size, root, note) VALUES (0, $1, $2, $3)",
            parameterTypes: [.int8, .bytea, .text])
        var parameters = PostgresParameters()
        parameters.append(checkpoint.size)
        parameters.append(checkpoint.root.bytes)
        parameters.append(try checkpoint.signed(with: [key]).description)
        try connection.query(statement, parameters)
    }
}
