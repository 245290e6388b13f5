import AccountDomain
import ProjectionKit
import Testing

@testable import Projector

/// The parts of a rebuild that need no database.
@Suite("Rebuild parts") struct RebuildPartsTests {
    @Test func `what is missing beside done ranges fills the space`() {
        #expect(StreamRange.missing(beside: []) == [.all])
        #expect(StreamRange.missing(beside: [.all]).isEmpty)
        let done = [StreamRange(first: 5, last: 9), StreamRange(first: 0, last: 2), StreamRange(first: 20, last: .max)]
        #expect(
            StreamRange.missing(beside: done) == [StreamRange(first: 3, last: 4), StreamRange(first: 10, last: 19)])
    }

    @Test func `a queue hands out the whole space once, in pieces that fitted before`() {
        let queue = RangeQueue([.all], threads: 2)
        var taken: [StreamRange] = []
        while true {
            guard case .range(let range) = queue.next() else { break }
            // The first two are found to be too large, and cut in four.
            if taken.count < 2, let (half, rest) = range.halves, let (kept, other) = half.halves {
                queue.giveBack(rest, keeping: half)
                queue.giveBack(other, keeping: kept)
                taken.append(kept)
            } else {
                taken.append(range)
            }
            queue.finished()
        }
        #expect(StreamRange.missing(beside: taken).isEmpty)
        #expect(taken.map(\.share).reduce(0, +) == 1)
        #expect(taken.dropFirst(2).allSatisfy { $0.share <= 0.125 })
    }

    @Test func `a queue waits for ranges that may come back`() {
        let queue = RangeQueue([StreamRange(first: 0, last: 0)], threads: 2)
        guard case .range = queue.next() else { return #expect(Bool(false), "a range") }
        guard case .wait = queue.next() else { return #expect(Bool(false), "it may come back") }
        queue.finished()
        guard case .done = queue.next() else { return #expect(Bool(false), "the end") }
    }

    @Test func `an upsert of columns is a bulk load`() throws {
        let load = try #require(
            BulkLoad(
                """
                -- A remark.
                INSERT INTO rm.things_{version} AS t
                  (stream_id, version, view)
                SELECT * FROM unnest($1, $2, $3)
                ON CONFLICT (stream_id) DO UPDATE SET version = excluded.version
                """))
        #expect(load.sql(suffix: "7") == "COPY rm.things_7 (stream_id, version, view) FROM STDIN (FORMAT binary)")
        #expect(!load.skipsRepeats)
        let lookups = try #require(
            BulkLoad("INSERT INTO rm.l_{version} (a, b) SELECT * FROM unnest($1, $2)\nON CONFLICT DO NOTHING"))
        #expect(lookups.skipsRepeats)
    }

    @Test(arguments: [
        "DELETE FROM rm.things_{version} WHERE stream_id = ANY ($1)",
        "INSERT INTO rm.t (a, b) SELECT x, y FROM unnest($1, $2) AS n (x, y)",
        "INSERT INTO rm.t (a, b) SELECT * FROM unnest($2, $1)",
        "INSERT INTO rm.t (a) SELECT * FROM unnest($1) WHERE false",
    ])
    func `any other statement is none`(sql: String) { #expect(BulkLoad(sql) == nil) }

    @Test func `a schema names its tables`() {
        let sql = ProjectionSQL(
            schema: Array("CREATE TABLE rm.a_{version} (x int);\nCREATE TABLE rm.b_{version}(y int);".utf8),
            indexes: [],
            load: [], upsert: [], remove: [])
        #expect(sql.tables(suffix: "at_9") == ["rm.a_at_9", "rm.b_at_9"])
    }
}
