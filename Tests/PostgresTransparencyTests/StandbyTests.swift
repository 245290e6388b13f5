import PostgresClient
import TestSupport
import Testing
import Transparency

@testable import PostgresTransparency

/// Which heads may be signed, and what is told of standbys that stand in the way.
@Suite struct `Standbys and what they let be signed` {
    private func memory(_ heads: [(head: Int64, written: Int64)]) -> StandbyMemory {
        var memory = StandbyMemory()
        for (head, written) in heads { memory.note(head: head, written: written) }
        return memory
    }

    @Test(
        arguments: [
            (0, 0), (99, 0), (100, 5), (149, 5), (150, 7), (399, 7), (400, 20), (1_000_000, 20),
        ] as [(Int64, Int64)])
    func `the largest head is signed that was seen with no more than the standbys have`(flushed: Int64, limit: Int64) {
        var memory = self.memory([(5, 100), (7, 150), (20, 400)])
        #expect(memory.limit == 0 && memory.awaited == 100)
        memory.settle(flushed: flushed)
        #expect(memory.limit == limit)
        #expect((memory.awaited == nil) == (limit == 20))
    }

    @Test func `a head seen again is as old as when it was seen first`() {
        var memory = self.memory([(5, 100), (5, 900)])
        memory.settle(flushed: 100)
        #expect(memory.limit == 5 && memory.awaited == nil)
        memory.note(head: 5, written: 2_000)
        #expect(memory.awaited == nil, "what they have is not waited for again")
        memory.note(head: 6, written: 2_100)
        #expect(memory.awaited == 2_100 && memory.limit == 5)
    }

    @Test func `a standby that tells less than before takes nothing back`() {
        var memory = self.memory([(5, 100), (7, 150)])
        memory.settle(flushed: 120)
        memory.settle(flushed: 90)
        #expect(memory.limit == 5 && memory.awaited == 150)
    }

    @Test func `nothing is left of what was known when the head goes back`() {
        var memory = self.memory([(5, 100), (7, 150)])
        memory.settle(flushed: 120)
        memory.note(head: 4, written: 160)
        #expect(memory.limit == 0 && memory.awaited == 160)
        memory.settle(flushed: 159)
        #expect(memory.limit == 0)
        memory.settle(flushed: 160)
        #expect(memory.limit == 4)
    }

    @Test(arguments: [2, 3, 8, 9]) func `what is remembered of a long wait is bounded and still safe`(capacity: Int) {
        var memory = StandbyMemory(capacity: capacity)
        for head in 1...1_000 as ClosedRange<Int64> {
            memory.note(head: head, written: head * 10)
            #expect(memory.awaited == 10, "the first stays")
        }
        var last: Int64 = 0
        var steps = 0
        for flushed in stride(from: 0, through: 10_000, by: 5) as StrideThrough<Int64> {
            memory.settle(flushed: flushed)
            #expect(memory.limit * 10 <= flushed && memory.limit >= last)
            if memory.limit > last { steps += 1 }
            last = memory.limit
        }
        #expect(last == 1_000, "the last stays")
        #expect((2...capacity).contains(steps))
    }

    // MARK: Who is in the way

    private func standby(_ name: String, _ flushed: Int64?) -> StandbySight.Standby {
        StandbySight.Standby(name: name, isConnected: true, isVisible: true, flushed: flushed)
    }

    @Test func `all standbys count, and each that is in the way is named with its reason`() {
        let away = StandbySight.Standby(name: "a", isConnected: false, isVisible: false, flushed: nil)
        let hidden = StandbySight.Standby(name: "h", isConnected: true, isVisible: false, flushed: nil)
        func sight(_ standbys: [StandbySight.Standby]) -> StandbySight {
            StandbySight(head: 9, written: 900, standbys: standbys)
        }
        #expect(sight([standby("b", 500), standby("c", 400)]).flushed == 400)
        for unknown in [away, hidden, standby("s", nil)] {
            #expect(sight([standby("b", 500), unknown]).flushed == nil)
        }
        let holds = sight([standby("b", 500), away, hidden, standby("s", nil), standby("c", 399)]).holds(before: 400)
        #expect(holds.map(\.name) == ["a", "h", "s", "c"])
        #expect(holds.map(\.reason) == [.isAway, .isHidden, .isStarting, .isBehind])
    }

    @Test func `each change is told once, and a moment's lag is not told`() {
        var watch = StandbyWatch(patience: .seconds(5))
        let start = ContinuousClock.now
        let (away, behind) = (StandbyHold("b", .isAway), StandbyHold("b", .isBehind))
        func told(_ holds: [StandbyHold], _ second: Int) -> StandbyWatch.Change? {
            watch.note(holds, at: start + .seconds(second))
        }
        #expect(told([], 0) == nil)
        #expect(told([behind], 1) == nil && told([behind], 5) == nil && told([], 5) == nil)
        #expect(told([behind], 6) == nil && told([behind], 10) == nil)
        #expect(told([behind], 11) == .held("the standby b is behind"))
        #expect(told([behind], 12) == nil)
        #expect(told([], 13) == .freed && told([], 14) == nil)
        #expect(told([away], 15) == .held("the standby b is not connected") && told([away], 16) == nil)
        #expect(told([behind], 17) == .held("the standby b is behind"), "what was told is no longer so")
        #expect(told([StandbyHold("c", .isHidden), away], 18) != nil && told([], 19) == .freed)
    }

    // MARK: Rounds

    /// Standbys as a test wants them, and what the primary has written.
    private final class Stage {
        var written: Int64 = 0
        var flushed: Int64? = 0
        let log: SealedDatabase

        init(_ log: SealedDatabase) { self.log = log }

        func round() -> SealingRound {
            var configuration = log.configuration(step: 100)
            configuration.standbys = ["b"]
            return SealingRound(
                configuration,
                standbys: StandbyLimit { [unowned self] _ in
                    StandbySight(
                        head: try log.number("SELECT coalesce(max(position), 0) FROM ledger.events"),
                        written: written,
                        standbys: [
                            StandbySight.Standby(
                                name: "b", isConnected: flushed != nil, isVisible: flushed != nil, flushed: flushed)
                        ])
                })
        }
    }

    @Test func `a round signs up to what the standby has, and goes on by itself`() throws {
        let stage = Stage(try SealedDatabase())
        let (log, round) = (stage.log, stage.round())
        try log.fill(to: 5)
        stage.written = 100
        var outcome = try log.outcome(round)
        #expect(outcome.newest == nil && outcome.sealed == 0 && outcome.isCatchingUp)
        try log.fill(to: 8)
        stage.written = 200
        stage.flushed = 150
        outcome = try log.outcome(round)
        #expect(outcome.newest?.size == 5 && outcome.holds.isEmpty)
        outcome = try log.outcome(round)
        #expect(outcome.newest?.size == 5 && outcome.sealed == 0 && outcome.isCatchingUp)
        stage.flushed = nil
        outcome = try log.outcome(round)
        #expect(outcome.newest?.size == 5 && outcome.holds == [StandbyHold("b", .isAway)] && !outcome.isCatchingUp)
        stage.flushed = 200
        #expect(try log.seal(round)?.size == 8)
        #expect(try log.outcome(round).holds.isEmpty)
        // A sealer that remembers nothing begins with the head that it sees.
        try log.fill(to: 400)
        stage.written = 300
        let other = stage.round()
        #expect(try log.seal(other)?.size == 8)
        stage.flushed = 300
        #expect(try log.seal(other)?.size == 400, "in steps")
        #expect(try log.seal(round)?.size == 400)
    }

    @Test func `after the loss of a connection what was seen before counts no more`() throws {
        let stage = Stage(try SealedDatabase())
        let (log, round) = (stage.log, stage.round())
        try log.fill(to: 5)
        stage.written = 100
        #expect(try log.seal(round) == nil)
        round.forget()
        stage.written = 300
        stage.flushed = 200
        #expect(try log.seal(round) == nil)
        stage.flushed = 300
        #expect(try log.seal(round)?.size == 5)
    }

    @Test func `checkpoints that a promoted standby lacks are signed again as they were`() throws {
        let stage = Stage(try SealedDatabase())
        let (log, round) = (stage.log, stage.round())
        stage.flushed = 1
        var last: SealedCheckpoint?
        for size in [50, 150, 290, 420] {
            try log.fill(to: size)
            last = try log.seal(round)
        }
        #expect(last?.size == 420)
        try log.owner.execute(
            script: "DELETE FROM ledger.checkpoints WHERE tree_size > 50; DELETE FROM ledger.tiles")
        try log.fill(to: 425)
        // Another server, so another connection.
        round.forget()
        stage.flushed = 0
        stage.written = 1
        var outcome = try log.outcome(round)
        #expect(outcome.newest == last && outcome.sealed == 0, "what was published is still the newest")
        stage.flushed = 1
        outcome = try log.outcome(round)
        #expect(outcome.newest == last && outcome.sealed == 370, "at once, however many a step takes")
        #expect(try log.seal(round)?.size == 425)
        #expect(try log.number("SELECT count(*) FROM ledger.checkpoints") == 3)
        #expect(try log.number("SELECT count(*) FROM ledger.tiles") == 1)
    }

    @Test(arguments: [true, false])
    func `a promoted standby without what was published is not signed`(isShorter: Bool) throws {
        let stage = Stage(try SealedDatabase())
        let (log, round) = (stage.log, stage.round())
        stage.flushed = 1
        for size in [50, 150] {
            try log.fill(to: size)
            #expect(try log.seal(round)?.size == Int64(size))
        }
        try log.tamper(
            "DELETE FROM ledger.events WHERE position > 140; DELETE FROM ledger.checkpoints WHERE tree_size > 50")
        if !isShorter {
            try log.fill(to: 160)
            try log.tamper("UPDATE ledger.events SET data = '[]' WHERE position = 145")
        }
        let fault = #expect(throws: SealingFault.self) { try log.outcome(round) }
        #expect(fault?.kind == (isShorter ? .shortened : .changed) && fault?.position == 150)
        #expect(try log.number("SELECT max(tree_size) FROM ledger.checkpoints") == 50)
    }

    @Test func `a record that ends with its page is on disk when the page is`() throws {
        let log = try SealedDatabase()
        // The insert position lies behind the next page's header then, and no standby has that.
        let fillsPage = PostgresStatement(
            """
            SELECT (pg_logical_emit_message(false, 'x', repeat('a', 8192 - 56 - place)) - '0/0')::int8 % 8192 = 0
              FROM (SELECT ((pg_current_wal_insert_lsn() - '0/0') % 8192)::int4 AS place) p
             WHERE place BETWEEN 24 AND 7500
            """)
        var written: [Int64] = []
        // Others may write at the same time, and where the page is nearly full it has to be gone over.
        for _ in 0..<200 where !written.contains(where: { $0 % 8192 == 0 }) {
            let rows = try log.owner.query(fillsPage)
            if rows.count == 0 {
                try log.owner.execute(script: "SELECT pg_logical_emit_message(false, 'x', repeat('a', 1000))")
            } else if try rows.bool(0, 0) {
                written.append(try StandbySight.look(["b"], log: 0, on: log.owner).written)
            }
        }
        #expect(written.last.map { $0 % 8192 == 0 } ?? false, "\(written)")
    }

    @Test func `the database tells which standbys are not there, and what is to be had on disk`() throws {
        let log = try SealedDatabase()
        try log.fill(to: 5)
        let gateway = try PostgresConnection(log.database.configuration(role: TestDatabase.gatewayRole))
        defer { gateway.close() }
        let sight = try StandbySight.look(["nobody/1", "nobody/2"], log: 0, on: gateway)
        #expect(sight.head == 5 && sight.flushed == nil)
        #expect(sight.standbys.map(\.name) == ["nobody/1", "nobody/2"])
        #expect(sight.holds(before: 0).map(\.reason) == [.isAway, .isAway])
        let written = try log.number("SELECT pg_current_wal_insert_lsn() - '0/0'")
        #expect((1...written).contains(sight.written))
        try log.owner.execute(script: "CREATE TABLE something ()")
        #expect(try StandbySight.look(["nobody"], log: 0, on: gateway).written > sight.written)
        var configuration = log.configuration()
        configuration.standbys = ["nobody"]
        let outcome = try log.outcome(SealingRound(configuration))
        #expect(outcome.newest == nil && outcome.holds == [StandbyHold("nobody", .isAway)])
    }
}
