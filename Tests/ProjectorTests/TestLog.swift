import AccountDomain
import Accounts
import AccountsProjection
import ActivationsProjection
import DevicesProjection
import EventCoding
import IdentitiesProjection
import Logging
import PostgresClient
import PostgresLedger
import ProjectionKit
import Projector
import SpacesProjection
import TestSupport
import Testing

/// A database of its own with an empty log, written to directly.
final class TestLog {
    let connection: PostgresConnection
    let configuration: PostgresConfiguration
    let keyring: Keyring
    let master: MasterKey
    private(set) var head: Int64 = 0
    private(set) var events: [StreamID: [RecordedEvent]] = [:]
    private var keys: [StreamID: StreamKey] = [:]

    init() throws {
        let database = try TestDatabase.make()
        keyring = database.keys.keyring
        master = database.keys.master
        configuration = database.configuration()
        connection = try PostgresConnection(configuration)
    }

    /// Every shipped projection.
    var projections: [any Projection] {
        [
            AccountsProjection(master: master), ActivationsProjection(), DevicesProjection(master: master),
            IdentitiesProjection(), SpacesProjection(),
        ]
    }

    func makeProjector(
        workers: Int = 1, listens: Bool = false, rebuilding: RebuildSettings? = nil, upcasters: Upcasters = .shipped
    ) -> Projector {
        Projector(
            configuration: configuration, projections: projections, keyring: LoadedKeyring(keyring), workers: workers,
            listens: listens, rebuilding: rebuilding, upcasters: upcasters,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A stream in a lane of its own choice.
    func newStream(lane: UInt64? = nil) throws -> StreamID {
        var generator = SystemRandomNumberGenerator()
        var stream = StreamID.random(using: &generator)
        if let lane { stream = StreamID(high: stream.high & (.max >> 2) | lane << 62, low: stream.low) }
        let key = StreamKey.draw(log: 0, stream: stream)
        keys[stream] = key
        let wrapped = keyring.wrap(key, log: 0, stream: stream)
        var parameters = PostgresParameters()
        parameters.append(stream)
        parameters.append(wrapped.epoch)
        parameters.append(wrapped.wrapped)
        try connection.query(
            PostgresStatement(
                "INSERT INTO ledger.subject_keys (log_id, stream_id, epoch, wrapped) VALUES (0, $1, $2, $3)",
                parameterTypes: [.uuid, .int4, .bytea]), parameters)
        return stream
    }

    func key(of stream: StreamID) throws -> StreamKey { try #require(keys[stream]) }

    /// Appends domain events to a stream.
    func append(_ stream: StreamID, _ happened: DomainEvent...) throws {
        for event in happened {
            let encoded = EventCoding.encode(event)
            let recorded = try write(stream, encoded.type, encoded.data.canonicalBytes, encoded.content.canonicalBytes)
            events[stream, default: []].append(
                RecordedEvent(
                    position: recorded.position, recordedAt: recorded.at, stream: stream, version: recorded.version,
                    command: CommandID(high: 1, low: 2), event: event))
        }
    }

    /// Appends a row of any kind.
    @discardableResult
    func write(
        _ stream: StreamID, _ type: String, _ data: [UInt8], _ content: [UInt8], version: Int32? = nil
    ) throws -> (position: Int64, version: Int32, at: Moment) {
        head += 1
        let version = version ?? (versions[stream] ?? 0) + 1
        versions[stream] = version
        let at = Moment.now()
        let secret = try key(of: stream).seal(content, epoch: 1, at: .event(version: version, type: type))
        var parameters = PostgresParameters()
        parameters.append(head)
        parameters.append(at)
        parameters.append(stream)
        parameters.append(version)
        parameters.append(type)
        parameters.append(data)
        parameters.append(secret)
        parameters.append(Digest.sha256(of: secret).bytes)
        try connection.query(Self.insert, parameters)
        return (head, version, at)
    }

    private var versions: [StreamID: Int32] = [:]

    private static let insert = PostgresStatement(
        """
        INSERT INTO ledger.events (position, recorded_at, stream_id, command_id, version, log_id, event_type, meta,
          data, secret, secret_hash)
        VALUES ($1, $2, $3, '00000000-0000-0001-0000-000000000002', $4, 0, $5, '{}', $6, $7, $8)
        """, parameterTypes: [.int8, .timestamptz, .uuid, .int4, .text, .bytea, .bytea, .bytea])

    /// Erases a person as an append would: the event, then the key.
    func erase(_ stream: StreamID, purging: Bool) throws {
        try append(stream, .account(.lifecycle(.erased(kept: []))))
        try connection.execute(
            script: """
                UPDATE ledger.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE stream_id = '\(stream)';
                """)
        if purging { try connection.execute(script: "SELECT ledger.purge(0::int2, '\(stream)')") }
    }

    /// The first column of the first row, as text.
    func value(_ sql: String) throws -> String? {
        let rows = try connection.query(PostgresStatement("SELECT (\(sql))::text"))
        return rows.count > 0 && !rows.isNull(0, 0) ? try rows.string(0, 0) : nil
    }

    /// Waits until a query gives a text.
    func wait(for expected: String, _ sql: String) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(60)
        var last: String?
        while clock.now < end {
            last = try value(sql)
            if last == expected { return }
            try await clock.sleep(for: .milliseconds(5))
        }
        Issue.record("\(sql) is \(last ?? "NULL"), not \(expected)")
    }

    /// Waits until every lane of every projection is level with the head.
    func waitUntilLevel() async throws {
        try await wait(for: "\(head)", "SELECT min(position) FROM ledger.lanes")
    }

    /// The account that its row stands for; nil when the row has no view.
    func account(_ stream: StreamID, in version: String = "1") throws -> AccountView? {
        let rows = try connection.query(
            PostgresStatement(
                "SELECT view FROM rm.accounts_\(version) WHERE stream_id = '\(stream)' AND view IS NOT NULL"))
        guard rows.count > 0 else { return nil }
        let bytes = try key(of: stream).open(try rows.bytes(0, 0), at: .view("accounts"))
        return AccountView(stream, AccountView.Encoded(bytes: bytes))
    }

    /// The account that its events stand for.
    func folded(_ stream: StreamID) -> AccountView { AccountView(stream, folding: events[stream] ?? []) }

    /// Runs a projector while a body does something.
    func projecting(
        workers: Int = 1, listens: Bool = false, rebuilding: RebuildSettings? = nil, upcasters: Upcasters = .shipped,
        _ body: (Projector) async throws -> Void
    ) async throws {
        let projector = makeProjector(
            workers: workers, listens: listens, rebuilding: rebuilding, upcasters: upcasters)
        let task = Task { await projector.run() }
        do {
            try await body(projector)
        } catch {
            task.cancel()
            await task.value
            throw error
        }
        task.cancel()
        await task.value
    }
}

/// What tests let happen.
enum Sample {
    static func created(_ name: String, email: String? = nil) -> DomainEvent {
        .account(
            .lifecycle(
                .created(
                    Creation(
                        system: .native, activated: true, name: AccountName(stored: name),
                        emails: email.map { [EmailAddress(stored: $0)] } ?? []))))
    }

    static func backup(_ version: Int) -> DomainEvent {
        let data = [UInt8](repeating: UInt8(truncatingIfNeeded: version), count: 64)
        return .account(
            .backup(
                .replaced(
                    BackupVersion(
                        version: version, length: data.count, sha256: Digest.sha256(of: data), content: .inline(data))))
        )
    }

    static func device(_ ordinal: Int) -> DomainEvent {
        .account(
            .devices(
                .added(
                    Device(
                        ordinal: ordinal, id: DeviceID(stored: "device-\(ordinal)"), name: DeviceName(stored: "phone"),
                        publicKey: nil))))
    }
}
