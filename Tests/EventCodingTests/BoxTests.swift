import AccountDomain
import EventCoding
import Testing

@Suite("Boxes and keys") struct BoxTests {
    private static let stream = StreamID(high: 7, low: 9)
    private static let place = StreamKey.Place.event(version: 3, type: "backup.replaced.v1")
    private let key = StreamKey.draw(log: 0, stream: stream)

    @Test func `a box opens with its key at its place`() throws {
        let box = key.seal(Array("secret".utf8), epoch: 1, at: Self.place)
        #expect(try key.open(box, at: Self.place) == Array("secret".utf8))
        #expect(box.count == 6 + StreamKey.overhead)
    }

    @Test func `two boxes of the same content differ`() {
        #expect(key.seal([1], epoch: 1, at: Self.place) != key.seal([1], epoch: 1, at: Self.place))
    }

    @Test func `a box does not open with another key`() {
        let box = key.seal([1, 2, 3], epoch: 1, at: Self.place)
        let other = StreamKey.draw(log: 0, stream: Self.stream)
        #expect(throws: EventCodingError.sealedUnderAnotherKey) { try other.open(box, at: Self.place) }
    }

    @Test(arguments: [
        StreamKey.Place.event(version: 4, type: "backup.replaced.v1"), .event(version: 3, type: "backup.locked.v1"),
        .blob, .view("accounts"),
    ])
    func `a box does not open at another place`(place: StreamKey.Place) {
        let box = key.seal([1, 2, 3], epoch: 1, at: Self.place)
        #expect(throws: EventCodingError.sealedUnderAnotherKey) { try key.open(box, at: place) }
    }

    @Test func `a box with any byte changed does not open`() {
        let box = key.seal([1, 2, 3], epoch: 1, at: Self.place)
        // The first four bytes name the epoch; they choose a key and are not sealed themselves.
        for index in 4..<box.count {
            var changed = box
            changed[index] ^= 1
            #expect(throws: EventCodingError.sealedUnderAnotherKey) { try key.open(changed, at: Self.place) }
        }
        for length in 0..<box.count {
            #expect(throws: EventCodingError.sealedUnderAnotherKey) {
                try key.open(Array(box.prefix(length)), at: Self.place)
            }
        }
    }

    @Test func `an event's box is checked against its recorded hash`() throws {
        var content = BoxContent()
        content.personal.set("reason", "because")
        let type = "account.blocked.v1"
        let box = key.seal(content.canonicalBytes, epoch: 1, at: .event(version: 2, type: type))
        var stored = StoredEvent(
            position: 1, recordedAt: Moment(microseconds: 0), stream: Self.stream, version: 2,
            command: CommandID(high: 1, low: 1), type: type, meta: [], data: Array("{}".utf8), secret: box,
            secretHash: Digest.sha256(of: box).bytes)
        let opened = try OpenedEvent(stored, key: key)
        #expect(
            try opened.domainEvent() == .account(.lifecycle(.blocked(reason: Reason(stored: "because")))))
        stored.secretHash = Digest.sha256(of: [0]).bytes
        #expect(throws: EventCodingError.hashMismatch) { try OpenedEvent(stored, key: key) }
    }

    @Test func `a derived secret is the same again, and another for another command, kind or ordinal`() {
        let command = CommandID(high: 1, low: 2)
        let secret = key.derivedSecret(command: command, kind: "code", ordinal: 0, byteCount: 16)
        #expect(secret == key.derivedSecret(command: command, kind: "code", ordinal: 0, byteCount: 16))
        #expect(secret != key.derivedSecret(command: command, kind: "code", ordinal: 1, byteCount: 16))
        #expect(secret != key.derivedSecret(command: command, kind: "token", ordinal: 0, byteCount: 16))
        #expect(
            secret
                != key.derivedSecret(command: CommandID(high: 1, low: 3), kind: "code", ordinal: 0, byteCount: 16))
    }
}

@Suite("Random numbers from a stock") struct StockedRandomNumberTests {
    @Test func `no number comes twice, also beyond the end of a stock`() {
        var generator = StockedRandomNumberGenerator()
        let numbers = (0..<5_000).map { _ in generator.next() }
        #expect(Set(numbers).count == numbers.count && !numbers.contains(0))
    }
}

@Suite("Keyring and master key") struct KeyringTests {
    private let stream = StreamID(high: 7, low: 9)

    @Test func `a wrapped key opens what it sealed`() throws {
        let ring = Keyring.make()
        let key = StreamKey.draw(log: 0, stream: stream)
        let (epoch, wrapped) = ring.wrap(key, log: 0, stream: stream)
        let again = try Keyring(file: ring.fileBytes).unwrap(wrapped, epoch: epoch, log: 0, stream: stream)
        #expect(try again.open(key.seal([5], epoch: epoch, at: .blob), at: .blob) == [5])
    }

    @Test func `a wrapped key belongs to its stream and to its keyring`() {
        let ring = Keyring.make()
        let (epoch, wrapped) = ring.wrap(StreamKey.draw(log: 0, stream: stream), log: 0, stream: stream)
        #expect(throws: EventCodingError.sealedUnderAnotherKey) {
            try ring.unwrap(wrapped, epoch: epoch, log: 0, stream: StreamID(high: 8, low: 9))
        }
        #expect(throws: EventCodingError.sealedUnderAnotherKey) {
            try Keyring.make().unwrap(wrapped, epoch: epoch, log: 0, stream: stream)
        }
        #expect(throws: EventCodingError.unknownEpoch(9)) {
            try ring.unwrap(wrapped, epoch: 9, log: 0, stream: stream)
        }
    }

    @Test(arguments: ["", "{}", #"{"epochs":[]}"#, #"{"epochs":[{"epoch":1,"key":"AAAA"}]}"#])
    func `a keyring file that is none is refused`(text: String) {
        #expect(throws: EventCodingError.malformed("keyring file")) { try Keyring(file: Array(text.utf8)) }
    }

    @Test func `the same command has the same id, and anything else another`() throws {
        let master = try MasterKey(text: MasterKey.make().text)
        let id = master.commandID(caller: [1], method: "POST", path: "/a", key: "k")
        #expect(id == master.commandID(caller: [1], method: "POST", path: "/a", key: "k"))
        #expect(id != master.commandID(caller: [2], method: "POST", path: "/a", key: "k"))
        #expect(id != master.commandID(caller: [1], method: "PUT", path: "/a", key: "k"))
        #expect(id != master.commandID(caller: [1], method: "POST", path: "/ak", key: ""))
        #expect(id != MasterKey.make().commandID(caller: [1], method: "POST", path: "/a", key: "k"))
    }

    @Test func `look-up keys tell namespaces apart`() {
        let master = MasterKey.make()
        #expect(master.reservationKey(.accountName, "a") != master.reservationKey(.spaceName, "a"))
        #expect(master.reservationKey(.accountName, "a") == master.reservationKey(.accountName, "a"))
    }
}
