import AccountDomain
import Accounts
import EventCoding
import PostgresClient
import PostgresLedger
import TestSupport
import Testing

@testable import Verification

/// Streams that are no account's end as well, and what is gone with them must be told from what was taken away.
@Suite struct EndedStreamTests {
    /// Streams of each kind that has an end.
    private struct Ended {
        let activation = LogWriter.newStream()
        let identity = LogWriter.newStream()
        let space = LogWriter.newStream()
        let living = LogWriter.newStream()

        var all: [StreamID] { [activation, identity, space] }

        private static var request: ActivationRequest {
            ActivationRequest(
                name: AccountName(stored: "late"), email: EmailAddress(stored: "late@example.org"),
                expiresAt: Moment(microseconds: 1), verifier: AccountDomain.Digest.sha256(of: [1]))
        }

        func append(to log: TamperedLog) async throws {
            let writer = LogWriter(log.database)
            let (activation, identity, space, living) = (activation, identity, space, living)
            for stream in [activation, living] {
                try await writer.append(stream) { decision in
                    decision.append(
                        [.activation(.requested(Self.request)), .activation(.attemptFailed(count: 1))], to: stream)
                }
            }
            try await writer.append(activation) { decision in
                decision.append([.activation(.ended)], to: activation)
                decision.destroyKey(of: activation)
            }
            try await writer.append(identity) { decision in
                decision.append([.identity(.created(Identifier(stored: "mail:late@example.org")))], to: identity)
                decision.take("mail:late@example.org", in: .identity, for: identity)
            }
            try await writer.append(identity) { decision in
                decision.append([.identity(.ended)], to: identity)
                decision.release("mail:late@example.org", in: .identity, from: identity)
                decision.destroyKey(of: identity)
            }
            let settings = SpaceSettings(
                name: SpaceName(stored: "Late"), domain: SpaceDomain(stored: "late.example.org"), maximumAccounts: 3)
            try await writer.append(space) { decision in
                decision.append([.space(.created(settings))], to: space)
                decision.take("late.example.org", in: .spaceDomain, for: space)
                decision.take("Late", in: .spaceName, for: space)
                decision.limit(space, to: 3)
            }
            try await writer.append(space) { decision in
                decision.append([.space(.closed), .space(.ended)], to: space)
                decision.release("late.example.org", in: .spaceDomain, from: space)
                decision.release("Late", in: .spaceName, from: space)
                decision.destroyKey(of: space)
            }
            await writer.close()
        }
    }

    private func purge(_ streams: [StreamID], of log: TamperedLog) throws {
        try log.withConnection { connection in
            #expect(
                try Set(ErasurePurge.outstanding(0, after: nil, limit: 100, on: connection)).isSuperset(of: streams))
            for stream in streams {
                var taken = 0
                repeat { taken = try ErasurePurge.purge(stream, of: 0, on: connection) } while taken > 0
            }
            #expect(
                try Set(ErasurePurge.outstanding(0, after: nil, limit: 100, on: connection)).isDisjoint(with: streams))
        }
    }

    @Test func `activations, identities and Spaces that ended may be gone, keys, boxes and all`() async throws {
        let log = try await SampleLog.shared.value.copy()
        let ended = Ended()
        try await ended.append(to: log)
        #expect(try log.verify().findings == [])
        try purge(ended.all, of: log)
        let boxes = try log.withConnection { connection in
            let statement = PostgresStatement(
                "SELECT count(secret) FROM ledger.events WHERE stream_id = ANY ($1)", parameterTypes: [.uuidArray])
            var parameters = PostgresParameters()
            parameters.append(array: ended.all.map { ($0.high, $0.low) })
            return try connection.query(statement, parameters).int64(0, 0)
        }
        #expect(boxes == 0)
        let report = try log.verify()
        #expect(report.findings == [] && report.omissions == [])
        #expect(try log.verify { $0.keys = nil }.findings == [])
    }

    @Test func `a box, a key or a row of a stream that did not end is missed`() async throws {
        let log = try await SampleLog.shared.value.copy()
        let ended = Ended()
        try await ended.append(to: log)
        try purge(ended.all, of: log)
        try log.tamper("UPDATE ledger.events SET secret = NULL WHERE stream_id = '\(ended.living)' AND version = 1;")
        #expect(try log.verify().findings.contains { $0.kind == .tombstone && $0.stream == ended.living })
        try log.tamper(
            "UPDATE ledger.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE stream_id = '\(ended.living)';")
        #expect(try log.verify().findings.contains { $0.kind == .key && $0.stream == ended.living })
    }
}

/// Verification beside a rotation of the epoch keys.
@Suite struct RotatedKeysTests {
    @Test func `keys that stand under a new epoch when the snapshot is taken are read then, and are no fault`()
        async throws
    {
        let log = try await SampleLog.shared.value.copy()
        let old = log.database.keys
        let keyring = old.keyring.adding(2)
        try log.withConnection { connection in
            try KeyEpochs().register(2, of: keyring, on: connection)
            let outcome = try KeyEpochs().rewrap(under: keyring, on: connection) { _ in true }
            #expect(outcome.rewrapped > 0 && outcome.left == 0)
        }
        let fresh = LedgerKeys(keyring: keyring, master: old.master)
        let report = try log.verify { $0.freshKeys = { fresh } }
        #expect(report.isSound && report.boxes > 0, "\(report.findings)")
        // A keyring that was read before the rotation cannot tell a key that moved from one that was changed.
        #expect(try log.verify().findings.first?.kind == .key)
        // Without keys none are read.
        let blind = try log.verify {
            $0.keys = nil
            $0.freshKeys = { fresh }
        }
        #expect(blind.isSound && blind.boxes == 0)
    }
}
