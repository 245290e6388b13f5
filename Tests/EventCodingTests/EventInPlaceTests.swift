import AccountDomain
import EventCoding
import StrictJSON
import Testing

/// What is read where it lies must be what is read out of a copy.
@Suite struct `Events in place` {
    private static let stream = StreamID(high: 1, low: 2)
    private static let key = StreamKey.draw(log: 3, stream: stream)

    private static func stored(_ type: String, _ data: String, box: String?) -> StoredEvent {
        let secret = box.map { key.seal(Array($0.utf8), epoch: 1, at: .event(version: 7, type: type)) }
        return StoredEvent(
            position: 1, recordedAt: Moment(microseconds: 0), stream: stream, version: 7,
            command: CommandID(high: 1, low: 1), type: type, meta: [], data: Array(data.utf8), secret: secret,
            secretHash: secret.map { Digest.sha256(of: $0).bytes })
    }

    private static func decode(
        _ stored: StoredEvent, key: StreamKey? = key, upcasters: Upcasters = .shipped
    ) throws -> DomainEvent? {
        try Array(stored.type.utf8).withUnsafeBytes { type in
            try stored.data.withUnsafeBytes { data in
                try (stored.secret ?? []).withUnsafeBytes { secret in
                    try (stored.secretHash ?? []).withUnsafeBytes { hash in
                        let event = EventInPlace(
                            version: stored.version, type: StoredType.named(type), data: data,
                            secret: stored.secret == nil ? nil : secret,
                            secretHash: stored.secretHash == nil ? nil : hash)
                        #expect(event.isPurged == (stored.secret == nil && stored.secretHash != nil))
                        return try event.decoded(key: key, upcasters: upcasters)
                    }
                }
            }
        }
    }

    @Test(arguments: GoldenEvent.all)
    func `what was once written is read`(golden: GoldenEvent) throws {
        let stored = Self.stored(golden.type, golden.data, box: golden.box == "{}" ? nil : golden.box)
        #expect(try Self.decode(stored) == golden.event)
        #expect(try Self.decode(stored) == OpenedEvent(stored, key: Self.key).domainEvent())
    }

    @Test func `a box that is not the one of the hash, the key or the place is refused`() throws {
        let good = Self.stored("account.blocked.v1", "{}", box: #"{"personal":{"reason":"spam"}}"#)
        var changed = good
        changed.secret?[20] ^= 1
        #expect(throws: EventCodingError.hashMismatch) { try Self.decode(changed) }
        changed.secretHash = Digest.sha256(of: try #require(changed.secret)).bytes
        #expect(throws: EventCodingError.sealedUnderAnotherKey) { try Self.decode(changed) }
        var unhashed = good
        unhashed.secretHash = nil
        #expect(throws: EventCodingError.hashMismatch) { try Self.decode(unhashed) }
        unhashed.secretHash = [1, 2, 3]
        #expect(throws: EventCodingError.hashMismatch) { try Self.decode(unhashed) }
        var moved = good
        moved.version = 8
        #expect(throws: EventCodingError.sealedUnderAnotherKey) { try Self.decode(moved) }
        var short = good
        short.secret = [0, 0, 0, 1]
        short.secretHash = Digest.sha256(of: [0, 0, 0, 1]).bytes
        #expect(throws: EventCodingError.sealedUnderAnotherKey) { try Self.decode(short) }
        #expect(throws: EventCodingError.malformed("box")) {
            try Self.decode(Self.stored("account.blocked.v1", "{}", box: "no object"))
        }
    }

    @Test func `data that cannot be read and types that nobody knows are faults`() {
        #expect(throws: EventCodingError.malformed("data")) {
            try Self.decode(Self.stored("account.blocked.v1", "[]", box: nil))
        }
        #expect(throws: EventCodingError.unknownType) {
            try Self.decode(Self.stored("account.exploded.v1", "{}", box: nil))
        }
    }

    @Test func `without a key only what stands in clear is told, and that is no fault`() throws {
        let locked = Self.stored("backup.locked.v1", "{}", box: nil)
        #expect(try Self.decode(locked, key: nil) == .account(.backup(.locked)))
        let renamed = Self.stored("name.changed.v1", "{}", box: #"{"personal":{"name":"alice"}}"#)
        #expect(try Self.decode(renamed, key: nil) == nil)
    }

    @Test func `an old version is lifted`() throws {
        let chain = Upcasters([
            Upcaster(from: "account.blocked.old", to: "account.blocked.v1") { parts in parts }
        ])
        let old = Self.stored("account.blocked.old", "{}", box: #"{"personal":{"reason":"spam"}}"#)
        #expect(
            try Self.decode(old, upcasters: chain)
                == .account(.lifecycle(.blocked(reason: Reason(stored: "spam")))))
    }
}
