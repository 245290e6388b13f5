import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import TestSupport
import Testing
import Transparency

@testable import PostgresTransparency

/// Whatever must not be signed is not signed.
@Suite struct `Faults that stop the sealer` {
    struct Fault: Sendable, CustomTestStringConvertible {
        let kind: SealingFault.Kind
        let position: Int64
        let script: String
        /// How much of the log is sealed before.
        var sealed = 0
        var testDescription: String { "\(kind.rawValue) at \(position)" }
    }

    private static let dropStreamIndex = "DROP INDEX ledger.events_p000000000000000_stream_id_version_log_id_idx;"

    static let faults: [Fault] = [
        Fault(kind: .gap, position: 7, script: "DELETE FROM ledger.events WHERE position = 7"),
        Fault(kind: .gap, position: 1, script: "DELETE FROM ledger.events WHERE position = 1"),
        Fault(
            kind: .gap, position: 300, script: "DELETE FROM ledger.events WHERE position BETWEEN 300 AND 301",
            sealed: 299),
        Fault(
            kind: .timeFalls, position: 11,
            script: "UPDATE ledger.events SET recorded_at = recorded_at - interval '1 minute' WHERE position = 11"),
        // The first behind what was sealed, with and without a tail.
        Fault(
            kind: .timeFalls, position: 257,
            script: "UPDATE ledger.events SET recorded_at = recorded_at - interval '1 minute' WHERE position = 257",
            sealed: 256),
        Fault(
            kind: .timeFalls, position: 258,
            script: "UPDATE ledger.events SET recorded_at = recorded_at - interval '1 minute' WHERE position = 258",
            sealed: 257),
        Fault(
            kind: .version, position: 10, script: "UPDATE ledger.events SET version = 7 WHERE position = 10"),
        Fault(kind: .version, position: 5, script: "UPDATE ledger.events SET version = 5 WHERE position = 5"),
        Fault(
            kind: .version, position: 12,
            script: "\(dropStreamIndex) UPDATE ledger.events SET version = 3 WHERE position = 12"),
        // A stream whose earlier versions were sealed: a hole, a double, and a beginning that was there already.
        Fault(
            kind: .version, position: 259, script: "UPDATE ledger.events SET version = 9 WHERE position = 259",
            sealed: 258),
        Fault(
            kind: .version, position: 259,
            script: "\(dropStreamIndex) UPDATE ledger.events SET version = 2 WHERE position = 259", sealed: 258),
        Fault(
            kind: .version, position: 261,
            script: """
                \(dropStreamIndex) UPDATE ledger.events SET version = 1, stream_id = md5('0')::uuid WHERE position = 261
                """, sealed: 258),
        Fault(
            kind: .secretHash, position: 9,
            script: "UPDATE ledger.events SET secret_hash = sha256('other') WHERE position = 9"),
        Fault(
            kind: .secretHash, position: 9, script: "UPDATE ledger.events SET secret = 'other' WHERE position = 9"),
        Fault(
            kind: .changed, position: 290, script: "UPDATE ledger.events SET data = '[]' WHERE position = 280",
            sealed: 290),
        Fault(
            kind: .changed, position: 290, script: "UPDATE ledger.tiles SET root = sha256('x')", sealed: 290),
        Fault(kind: .changed, position: 1, script: "DELETE FROM ledger.tiles", sealed: 290),
        Fault(
            kind: .changed, position: 290, script: "UPDATE ledger.checkpoints SET root = sha256('x')", sealed: 290),
        Fault(
            kind: .shortened, position: 290, script: "DELETE FROM ledger.events WHERE position > 200", sealed: 290),
        Fault(
            kind: .malformed, position: 8,
            script: "UPDATE ledger.events SET recorded_at = 'infinity' WHERE position >= 8"),
    ]

    @Test(arguments: faults)
    func `is found, and nothing is signed`(_ fault: Fault) throws {
        let log = try SealedDatabase()
        if fault.sealed > 0 {
            try log.fill(to: fault.sealed)
            try log.seal()
        }
        let before = try log.number("SELECT count(*) FROM ledger.checkpoints")
        try log.fill(to: 400)
        try log.tamper(fault.script)
        let found = try #require(try log.faultOfSealing())
        // A checkpoint whose root was changed no longer fits its signature.
        #expect(found.kind == (fault.script.contains("checkpoints") ? .foreignKey : fault.kind), "\(found)")
        #expect(found.position == fault.position, "\(found)")
        #expect(try log.number("SELECT count(*) FROM ledger.checkpoints") == before)
    }

    @Test func `another key does not sign a log on`() throws {
        let log = try SealedDatabase()
        try log.fill(to: 10)
        try log.seal()
        try log.fill(to: 20)
        let other = try #require(SigningKey(name: TestDatabase.origin, seed: [UInt8](repeating: 9, count: 32)))
        #expect(try log.faultOfSealing(log.configuration(key: other))?.kind == .foreignKey)
        #expect(throws: SigningKeyMismatch.self) { try SigningKeyCheck.check(other, on: log.owner) }
        try SigningKeyCheck.check(log.key, on: log.owner)
        #expect(try log.number("SELECT count(*) FROM ledger.checkpoints") == 1)
    }

    @Test func `a key that was replaced signs beside the new one for a while, and then stays a former one`() throws {
        let log = try SealedDatabase()
        let new = try #require(SigningKey(name: TestDatabase.origin, seed: [UInt8](repeating: 9, count: 32)))
        func signed(_ key: SigningKey, former: FormerKeys, upTo size: Int) throws -> SignedNote {
            try log.fill(to: size)
            var configuration = log.configuration(key: key)
            configuration.former = former
            let checkpoint = try #require(try log.seal(SealingRound(configuration)))
            #expect(checkpoint.size == Int64(size))
            return try SignedNote(checkpoint.note)
        }
        let none = FormerKeys()
        _ = try signed(log.key, former: none, upTo: 10)
        let both = try signed(new, former: FormerKeys(signing: [log.key]), upTo: 20)
        #expect(both.signatures.count == 2)
        for key in [new, log.key] { #expect(try both.verify(with: [key.verifier]).count == 1) }
        // A gateway that has not heard of the new key goes on, and one that has takes over again.
        #expect(try signed(log.key, former: none, upTo: 30).signatures.count == 1)
        let former = FormerKeys(ended: [log.key.verifier])
        try SigningKeyCheck.check(new, former: former, on: log.owner)
        #expect(throws: SigningKeyMismatch.self) { try SigningKeyCheck.check(new, on: log.owner) }
        let alone = try signed(new, former: former, upTo: 40)
        #expect(alone.signatures.count == 1 && (try? alone.verify(with: [log.key.verifier])) == nil)
        // From here on the old one alone is a stranger.
        try log.fill(to: 50)
        #expect(try log.faultOfSealing(log.configuration(key: log.key))?.kind == .foreignKey)
        #expect(throws: SigningKeyMismatch.self) { try SigningKeyCheck.check(log.key, on: log.owner) }
        try SigningKeyCheck.check(new, on: log.owner)
    }

    @Test func `a sealer stops for good, says so, and still has partitions planned for`() async throws {
        let log = try SealedDatabase()
        try log.fill(to: 1500)
        try log.tamper("DELETE FROM ledger.events WHERE position = 20")
        #expect(try log.number("SELECT reltuples FROM pg_class WHERE relname = 'events_p000000000000000'") < 1000)
        let sealer = Sealer(log.configuration(), logger: `Sealing and what is served of it`.silent)
        let running = Task { await sealer.run() }
        while sealer.fault == nil { await Task.yield() }
        #expect(sealer.fault?.kind == .gap && sealer.alarms.count == 1)
        while try log.number("SELECT reltuples FROM pg_class WHERE relname = 'events_p000000000000000'") < 1000 {
            await Task.yield()
        }
        running.cancel()
        await running.value
        #expect(try log.number("SELECT count(*) FROM ledger.checkpoints") == 0)
    }

    // MARK: What this gateway appended

    /// The stored row, as the gateway that appended it remembers it.
    private func row(_ log: SealedDatabase, _ position: Int64, data: String = "{}") throws -> StoredEvent {
        let rows = try log.owner.query(
            PostgresStatement(
                """
                SELECT recorded_at, stream_id, command_id, version, event_type, meta, secret_hash
                  FROM ledger.events WHERE position = \(position)
                """))
        return StoredEvent(
            position: position, recordedAt: try rows.moment(0, 0), stream: try rows.id(0, 1),
            version: try rows.int32(0, 3), command: try rows.id(0, 2), type: try rows.string(0, 4),
            meta: try rows.bytes(0, 5), data: Array(data.utf8), secret: nil,
            secretHash: rows.isNull(0, 6) ? nil : try rows.bytes(0, 6))
    }

    @Test(arguments: [1, 256, 257, 300] as [Int64], [true, false])
    func `an event changed before it was sealed is noticed by the gateway that appended it`(
        position: Int64, isSealedByAnother: Bool
    ) throws {
        let log = try SealedDatabase()
        try log.fill(to: 300)
        let appended = AppendedLeaves()
        for other in [2, 255, 299] as [Int64] { appended.note([try row(log, other)]) }
        let honest = log.configuration(appended: appended)
        if isSealedByAnother { try log.seal() }
        appended.note([try row(log, position, data: "{\"was\":true}")])
        let fault = try #require(try log.faultOfSealing(honest))
        #expect(fault.kind == .difference && fault.position == position)
        #expect(try log.number("SELECT count(*) FROM ledger.checkpoints") == (isSealedByAnother ? 1 : 0))
    }

    @Test func `what is as it was appended is compared and forgotten`() throws {
        let log = try SealedDatabase()
        let appended = AppendedLeaves()
        let round = SealingRound(log.configuration(appended: appended))
        for size in [3, 256, 257, 600] {
            try log.fill(to: size)
            for position in [1, 2, size] { appended.note([try row(log, Int64(position))]) }
            #expect(try log.seal(round)?.size == Int64(size))
            #expect(appended.count == 0)
        }
        // Known only after it was sealed, and in no tile yet.
        appended.note([try row(log, 599), try row(log, 600)])
        try log.seal(round)
        #expect(appended.count == 0)
    }

    @Test func `what is remembered is bounded`() throws {
        let log = try SealedDatabase()
        try log.fill(to: 30)
        let appended = AppendedLeaves(limit: 10)
        for position in 1...30 as ClosedRange<Int64> { appended.note([try row(log, position)]) }
        #expect(appended.count == 10)
        #expect(appended.known(through: 25).map(\.position) == [21, 22, 23, 24, 25])
        appended.forget(through: 28)
        #expect(appended.known(through: 30).map(\.position) == [29, 30])
    }
}
