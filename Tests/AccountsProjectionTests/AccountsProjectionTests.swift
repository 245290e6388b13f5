import AccountDomain
import Accounts
import AccountsProjection
import DevicesProjection
import EventCoding
import IdentitiesProjection
import ProjectionKit
import SpacesProjection
import Testing

/// Folds events as the engine does, and keeps the writes.
private struct Given<P: Projection> {
    let projection: P
    let stream = StreamID(high: 1, low: 2)
    var state: P.State
    var version: Int32 = 0
    var applied: Int32 = 0
    let key: StreamKey

    init(_ projection: P) {
        self.projection = projection
        state = projection.start(stream)
        key = StreamKey.draw(log: 0, stream: stream)
    }

    mutating func happen(_ events: DomainEvent?...) throws {
        for event in events {
            version += 1
            applied += 1
            let stored = StoredEvent(
                position: 10 + Int64(version), recordedAt: Moment(microseconds: 1_000 * Int64(version)), stream: stream,
                version: version, command: CommandID(high: 0, low: 0), type: "x", meta: [], data: [], secret: nil,
                secretHash: nil)
            try projection.apply(ProjectedEvent(stored: stored, event: event), to: &state)
        }
    }

    mutating func writes() -> [TableWrite] {
        var streams = [
            FoldedStream(stream: stream, state: state, version: version, applied: applied, key: key, epoch: 1)
        ]
        let writes = projection.writes(&streams)
        state = streams[0].state
        applied = 0
        return writes
    }
}

extension TableWrite {
    fileprivate func bytes(_ column: Int) -> [[UInt8]?] {
        switch columns[column] {
        case .optionalBytes(let values): values
        case .bytes(let values): values
        default: []
        }
    }

    fileprivate func flags(_ column: Int) -> [Bool] {
        if case .flags(let values) = columns[column] { values } else { [] }
    }
}

@Suite("Projections") struct AccountsProjectionTests {
    private let master = MasterKey.make()

    private func created(_ emails: String...) -> DomainEvent {
        .account(
            .lifecycle(
                .created(
                    Creation(
                        system: .mld, activated: true, name: AccountName(stored: "ada"),
                        emails: emails.map { EmailAddress(stored: $0) }))))
    }

    @Test func `a new account has its row and a look-up for each address`() throws {
        var given = Given(AccountsProjection(master: master))
        try given.happen(created("a@example.org", "b@example.org"))
        let writes = given.writes()
        #expect(writes.count == 2 && writes[0].expectedRows == 1)
        #expect(writes[0].bytes(12) == [master.reservationKey(.accountName, "ada")])
        #expect(
            writes[1].bytes(1)
                == ["a@example.org", "b@example.org"].map { master.lookupKey(kind: 1, scope: "", $0) })
    }

    @Test func `the stored view is the fold of the stream`() throws {
        var given = Given(AccountsProjection(master: master))
        try given.happen(created("a@example.org"), .account(.lifecycle(.blocked(reason: nil))))
        let write = given.writes()[0]
        let box = try #require(write.bytes(13)[0])
        let bytes = try given.key.open(box, at: .view("accounts"))
        #expect(AccountView(given.stream, AccountView.Encoded(bytes: bytes)) == given.state.view)
        #expect(write.flags(9) == [true])
    }

    @Test func `a fold goes on from a stored view as it would have without a pause`() throws {
        let projection = AccountsProjection(master: master)
        var given = Given(projection)
        try given.happen(created("a@example.org"))
        let box = try #require(given.writes()[0].bytes(13)[0])
        let view = try given.key.open(box, at: .view("accounts"))
        var restored = given
        restored.state = try projection.restore(
            given.stream, from: [StoredRow(version: 1, view: view, isBlank: false)])
        let next = DomainEvent.account(.profile(.emailsChanged([EmailAddress(stored: "c@example.org")])))
        try given.happen(next)
        try restored.happen(next)
        #expect(given.state.view == restored.state.view)
        // The old address is taken out before the new one is put in.
        #expect(restored.writes().count == 3)
    }

    @Test func `an untouched list of addresses is not written again`() throws {
        var given = Given(AccountsProjection(master: master))
        try given.happen(created("a@example.org"))
        _ = given.writes()
        try given.happen(.account(.lifecycle(.activated(reason: nil))))
        #expect(given.writes().count == 1)
    }

    @Test func `erasure leaves nothing personal in any column`() throws {
        var given = Given(AccountsProjection(master: master))
        try given.happen(created("a@example.org"))
        _ = given.writes()
        try given.happen(.account(.lifecycle(.erased(kept: []))))
        let writes = given.writes()
        #expect(writes[0].bytes(12) == [nil] && writes[0].bytes(13) == [nil] && writes[0].flags(11) == [true])
        #expect(writes.count == 2, "its look-ups are taken out and none put in")
    }

    @Test func `a life of which only the clear half is left is blank`() throws {
        let projection = AccountsProjection(master: master)
        var given = Given(projection)
        try given.happen(.account(.lifecycle(.created(Creation(system: .jami)))), nil, nil)
        projection.blank(&given.state, at: given.version)
        let write = given.writes()[0]
        #expect(write.flags(11) == [true] && write.bytes(13) == [nil])
        guard case .texts(let systems) = write.columns[6] else { return #expect(Bool(false)) }
        #expect(systems == ["jami"])
    }

    @Test func `a device keeps its ordinal, and only touched devices are written`() throws {
        var given = Given(DevicesProjection(master: master))
        let devices = (1...2).map {
            Device(ordinal: $0, id: DeviceID(stored: "d\($0)"), name: nil, publicKey: nil)
        }
        try given.happen(.account(.devices(.added(devices[0]))), .account(.devices(.added(devices[1]))))
        #expect(given.writes()[0].expectedRows == 2)
        try given.happen(.account(.devices(.revoked(ordinal: 2, reason: Reason(stored: "lost")))))
        let writes = given.writes()
        #expect(writes.count == 1 && writes[0].expectedRows == 1)
        let box = try #require(writes[0].bytes(5)[0])
        let record = DeviceRecord(stored: try given.key.open(box, at: .view("devices/2")))
        #expect(record?.reason == "lost" && record?.revokedAt == Moment(microseconds: 3_000))
    }

    @Test func `an event of another kind of stream is a fault`() throws {
        var given = Given(AccountsProjection(master: master))
        #expect(throws: ProjectionFault.self) { try given.happen(.space(.closed)) }
    }

    @Test func `records of identities and Spaces come back as they were`() {
        let identity = IdentityRecord(
            identifier: "ada@example.org", account: StreamID(high: 7, low: 8), mfa: .webauthn)
        #expect(IdentityRecord(stored: identity.stored) == identity)
        let space = SpaceRecord(
            settings: SpaceSettings(
                name: SpaceName(stored: "n \"1\""), domain: SpaceDomain(stored: "example.org"),
                host: SpaceDomain(stored: "sip.example.org"), isSuper: true, realm: "r", maximumAccounts: 5,
                emailUnique: true, expiresAt: Moment(microseconds: 99), usernameMinimumLength: 3,
                passwordMinimumLength: 12), isClosed: true)
        #expect(SpaceRecord(stored: space.stored) == space)
    }
}
