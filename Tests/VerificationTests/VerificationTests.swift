import PostgresClient
import PostgresLedger
import TestSupport
import Testing
import Transparency

@testable import Verification

@Suite struct VerificationTests {
    @Test func `an untouched log is sound, and everything in it was looked at`() async throws {
        let sample = try await SampleLog.shared.value
        let log = try sample.copy()
        let report = try log.verify {
            $0.saved = [("the file", sample.early)]
        }
        #expect(report.findings.isEmpty)
        #expect(report.omissions.isEmpty)
        #expect(report.head == sample.head)
        #expect(report.events == sample.head)
        #expect(report.streams == 26)
        #expect(report.checkpoints == 7)
        #expect(report.sealedSize == sample.head - 3)
        #expect(report.blobs == 2)
        #expect(report.boxes > 200)
        #expect(report.root != nil)
    }

    @Test func `without keys it says what it could not look at`() async throws {
        let log = try await SampleLog.shared.value.copy()
        let report = try log.verify {
            $0.keys = nil
            $0.verifier = nil
        }
        #expect(report.isSound)
        #expect(report.omissions.count == 2)
        #expect(report.boxes == 0)
    }

    @Test func `a reader of the log alone can verify it`() async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.withConnection {
            try $0.execute(
                script: """
                    DO $$ BEGIN CREATE ROLE ledger_test_auditor LOGIN IN ROLE ledger_reader;
                    EXCEPTION WHEN duplicate_object THEN NULL; END $$
                    """)
        }
        let report = try log.verify {
            $0.session = log.database.configuration(role: "ledger_test_auditor")
            $0.keys = nil
        }
        #expect(report.isSound)
        #expect(report.omissions.contains { $0.hasPrefix("keys") })
    }

    /// A way to change one byte of a column, and whether the row says so by itself.
    static let columns = [
        "position = 1000000", "recorded_at = recorded_at + interval '1 microsecond'",
        "stream_id = gen_random_uuid()",
        "command_id = gen_random_uuid()", "version = version + 1000", "log_id = 1",
        "event_type = 'account.blocked.v2'", "meta = set_byte(meta, 3, get_byte(meta, 3) # 1)",
        "data = set_byte(data, 0, get_byte(data, 0) # 1)", "secret = set_byte(secret, 20, get_byte(secret, 20) # 1)",
        "secret_hash = set_byte(secret_hash, 31, get_byte(secret_hash, 31) # 1)",
    ]

    @Test(arguments: columns)
    func `a changed byte is found in every column, where it is`(change: String) async throws {
        let log = try await SampleLog.shared.value.copy()
        let position = try log.withConnection { connection in
            try connection.query(
                PostgresStatement(
                    "SELECT min(position) FROM ledger.events WHERE position > 60 AND event_type = 'account.blocked.v1'")
            )
            .int64(0, 0)
        }
        try log.tamper("UPDATE ledger.events SET \(change) WHERE position = \(position);")
        let report = try log.verify()
        #expect(report.findings.first?.position == position, "\(report.findings)")
        // Without any key, too.
        let blind = try log.verify {
            $0.keys = nil
            $0.verifier = nil
        }
        #expect(blind.findings.first?.position == position, "\(blind.findings)")
    }

    @Test(arguments: columns.dropFirst())
    func `a changed byte is found beyond the last full tile`(change: String) async throws {
        let log = try await SampleLog.shared.value.copy()
        let position = try log.withConnection { connection in
            try connection.query(
                PostgresStatement(
                    "SELECT max(position) FROM ledger.events WHERE position < 590 AND event_type = 'account.blocked.v1'"
                )
            )
            .int64(0, 0)
        }
        try log.tamper("UPDATE ledger.events SET \(change) WHERE position = \(position);")
        let first = try #require(try log.verify().findings.first?.position)
        #expect(first > 512 && first <= position)
    }

    @Test func `a lost end is found by the newest checkpoint`() async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.tamper("DELETE FROM ledger.events WHERE position > 550;")
        let report = try log.verify()
        #expect(report.findings.first?.position == 551)
        #expect(report.findings.first?.kind == .missing)
    }

    @Test func `a lost end is found by tiles and by a saved checkpoint when the checkpoints are gone`() async throws {
        let sample = try await SampleLog.shared.value
        let log = try sample.copy()
        try log.tamper(
            "DELETE FROM ledger.events WHERE position > 280; DELETE FROM ledger.checkpoints WHERE tree_size > 280;")
        #expect(try log.verify().findings.first?.position == 281)
        try log.tamper("DELETE FROM ledger.tiles WHERE idx > 0;")
        let report = try log.verify { $0.saved = [("the file", sample.early)] }
        #expect(report.findings.first?.kind == .rollback)
        #expect(report.findings.first?.position == 281)
    }

    @Test(arguments: [10, 300, 570])
    func `a hole is found`(position: Int64) async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.tamper("DELETE FROM ledger.events WHERE position BETWEEN \(position) AND \(position + 2);")
        let report = try log.verify()
        #expect(
            report.findings.first
                == Finding(.missing, position: position, "the rows from here to position \(position + 2) are missing"))
        #expect(report.isCutShort)
    }

    @Test func `a hole that was closed by moving the rest is found`() async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.tamper(
            """
            DELETE FROM ledger.events WHERE position = 200;
            CREATE TEMP TABLE moved AS SELECT * FROM ledger.events WHERE position > 200;
            DELETE FROM ledger.events WHERE position > 200;
            INSERT INTO ledger.events SELECT position - 1, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data, secret, secret_hash FROM moved;
            """)
        #expect(try log.verify().findings.first?.position == 200)
    }

    @Test func `an inserted event is found`() async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.tamper(
            """
            CREATE TEMP TABLE moved AS SELECT * FROM ledger.events WHERE position >= 150;
            DELETE FROM ledger.events WHERE position >= 150;
            INSERT INTO ledger.events SELECT position + 1, recorded_at, stream_id, command_id, version, log_id, event_type, meta, data, secret, secret_hash FROM moved;
            INSERT INTO ledger.events SELECT 150, recorded_at, gen_random_uuid(), command_id, 1, log_id, event_type, meta, data, secret, secret_hash FROM moved WHERE position = 150;
            """)
        #expect(try log.verify().findings.first?.position == 150)
    }

    @Test func `two events that changed places are found`() async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.tamper(
            """
            UPDATE ledger.events SET position = 900000 WHERE position = 120;
            UPDATE ledger.events SET position = 120 WHERE position = 140;
            UPDATE ledger.events SET position = 140 WHERE position = 900000;
            """)
        let report = try log.verify()
        #expect(report.findings.first?.position == 120)
    }

    @Test func `a log rewritten with fresh hashes and the log's own key is found by an older checkpoint`() async throws
    {
        let sample = try await SampleLog.shared.value
        let log = try sample.copy()
        try log.tamper(
            """
            UPDATE ledger.events SET data = '{"x":1}' WHERE position =
              (SELECT min(position) FROM ledger.events WHERE event_type = 'account.unblocked.v1');
            """)
        try log.sealAnew()
        #expect(try log.verify { $0.keys = nil }.isSound)
        let report = try log.verify {
            $0.keys = nil
            $0.saved = [("the file", sample.early)]
        }
        #expect(report.findings.map(\.kind) == [.rollback])
    }

    @Test func `a changed blob is found, and one that is gone, and one of another length`() async throws {
        let sample = try await SampleLog.shared.value
        for (change, count) in [
            ("UPDATE ledger.blobs SET body = set_byte(body, 50000, get_byte(body, 50000) # 1);", 1),
            ("UPDATE ledger.blobs SET body = body || '\\x00';", 2), ("DELETE FROM ledger.blobs;", 1),
        ] {
            let log = try sample.copy()
            try log.tamper(change)
            let report = try log.verify()
            #expect(report.findings.allSatisfy { $0.kind == .blob && $0.position != nil })
            #expect(report.findings.count == count, "\(report.findings)")
        }
    }

    @Test func `reservations are found that are gone, were added, or belong to another`() async throws {
        let sample = try await SampleLog.shared.value
        for (change, count) in [
            ("DELETE FROM ledger.reservations WHERE namespace = 1 AND stream_id = '\(sample.named)';", 1),
            ("DELETE FROM ledger.reservations WHERE namespace = 5;", 11),
            ("DELETE FROM ledger.reservations WHERE namespace = 1 AND stream_id = '\(sample.erased)';", 1),
            (
                "INSERT INTO ledger.reservations VALUES (3, 0, sha256('x'), '\(sample.named)', 1);", 1
            ),
            ("UPDATE ledger.reservations SET stream_id = '\(sample.named)' WHERE namespace = 12;", 2),
        ] {
            let log = try sample.copy()
            try log.tamper(change)
            let report = try log.verify()
            #expect(report.findings.count == count, "\(report.findings)")
            #expect(report.findings.allSatisfy { $0.kind == .reservation })
            #expect(try log.verify { $0.keys = nil }.isSound)
        }
    }

    @Test func `forged checkpoints are found`() async throws {
        let sample = try await SampleLog.shared.value
        let other = try #require(SigningKey.make(name: TestDatabase.origin))
        for size in [Int64(400), 100_000] {
            let log = try sample.copy()
            try log.withConnection {
                try TestSealer(sample.key, $0).insert(
                    Checkpoint(origin: TestDatabase.origin, size: size, root: .leaf([1])), signedWith: other)
            }
            let report = try log.verify()
            #expect(report.findings.map(\.kind) == [.checkpoint], "\(report.findings)")
            #expect(report.findings.first?.position == size)
        }
        // The right key under a root that is not the log's: what is wrong then is the rows.
        let log = try sample.copy()
        try log.withConnection {
            try TestSealer(sample.key, $0).insert(
                Checkpoint(origin: TestDatabase.origin, size: 400, root: .leaf([1])), signedWith: sample.key)
        }
        #expect(try log.verify().findings.map(\.position) == [400])
        for change in [
            "root = sha256('x')", "note = replace(note, '300', '301')", "note = 'x'",
            "note = replace(note, 'test.example.org/log', 'other.example.org/log')",
        ] {
            let log = try sample.copy()
            try log.tamper("UPDATE ledger.checkpoints SET \(change) WHERE tree_size = 300;")
            let report = try log.verify()
            #expect(report.findings.map(\.kind) == [.checkpoint], "\(change): \(report.findings)")
        }
    }

    @Test(arguments: [
        ("UPDATE ledger.quotas SET used = used + 1;", Finding.Kind.quota),
        ("UPDATE ledger.quotas SET maximum = NULL;", .quota), ("DELETE FROM ledger.quotas;", .quota),
        ("INSERT INTO ledger.quotas VALUES (0, gen_random_uuid(), 0, 1);", .quota),
        ("UPDATE ledger.tiles SET root = sha256('x') WHERE idx = 1;", .tile),
        ("DELETE FROM ledger.tiles WHERE idx = 0;", .tile),
        (
            "DELETE FROM ledger.subject_keys WHERE stream_id = (SELECT stream_id FROM ledger.events WHERE position = 1);",
            .key
        ),
        ("INSERT INTO ledger.subject_keys VALUES (0, gen_random_uuid(), 1, 'x');", .key),
        (
            "UPDATE ledger.subject_keys SET wrapped = NULL, destroyed_at = now() WHERE stream_id = (SELECT stream_id FROM ledger.events WHERE position = 1);",
            .key
        ),
        ("UPDATE ledger.events SET secret = NULL WHERE position = 3;", .tombstone),
    ])
    func `other tables are held to what the events say`(change: String, kind: Finding.Kind) async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.tamper(change)
        let report = try log.verify()
        #expect(report.findings.first?.kind == kind, "\(report.findings)")
    }

    @Test func `times that fall and versions that do not follow are found though everything was sealed anew`()
        async throws
    {
        let sample = try await SampleLog.shared.value
        var log = try sample.copy()
        try log.tamper("UPDATE ledger.events SET recorded_at = recorded_at - interval '1 day' WHERE position = 77;")
        try log.sealAnew()
        #expect(
            try log.verify().findings.first
                == Finding(.time, position: 77, "its time lies before that of the event in front"))
        log = try sample.copy()
        try log.tamper("UPDATE ledger.events SET version = version + 1000 WHERE position = 77;")
        try log.sealAnew()
        let report = try log.verify()
        #expect(report.findings.first?.kind == .version)
        #expect(report.findings.first?.position == 77)
    }

    @Test(arguments: ["backup.replaced.v1", "account.blocked.v1"])
    func `a box that does not open is found though everything was sealed anew`(type: String) async throws {
        let log = try await SampleLog.shared.value.copy()
        try log.tamper(
            """
            UPDATE ledger.events SET secret = set_byte(secret, 20, get_byte(secret, 20) # 1) WHERE position =
              (SELECT min(position) FROM ledger.events WHERE event_type = '\(type)' AND secret IS NOT NULL);
            UPDATE ledger.events SET secret_hash = sha256(secret) WHERE secret IS NOT NULL;
            """)
        try log.sealAnew()
        for keys in [0, 5, 20, Int.max] {
            let report = try log.verify { $0.maximumKeys = keys }
            #expect(report.findings.map(\.kind) == [.box], "\(report.findings)")
            #expect(report.findings.first?.position != nil)
        }
    }

    @Test(arguments: [0, 5, 12, 14, 20])
    func `with room for the keys of few streams as many boxes are opened`(keys: Int) async throws {
        let log = try await SampleLog.shared.value.copy()
        let whole = try log.verify()
        let report = try log.verify { $0.maximumKeys = keys }
        #expect(report.isSound, "\(report.findings)")
        #expect(report.boxes == whole.boxes)
    }

    @Test func `several passes over the streams find the same as one`() async throws {
        let sample = try await SampleLog.shared.value
        let log = try sample.copy()
        try log.tamper("UPDATE ledger.events SET version = version + 1000 WHERE position = 577;")
        try log.sealAnew()
        let run = VerificationRun(
            log: 0, origin: TestDatabase.origin, head: sample.head, sealedSize: 0, saved: [],
            judge: CheckpointJudge(origin: TestDatabase.origin, verifiers: []), readsKeys: true)
        var streams: Int64 = 0
        var positions: [Int64?] = []
        for number in 0..<UInt64(5) {
            let (begun, findings) = try log.withConnection {
                try VersionPass(run: run, from: 1, number: number, passes: 5, slots: 64).check(on: $0)
            }
            streams += begun
            positions += findings.map(\.position)
        }
        #expect(streams == 26)
        #expect(positions.contains(577))
    }
}
