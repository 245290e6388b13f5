import AccountDomain
import EventCoding
import Logging
import PostgresClient
import PostgresLedger
import TestSupport
import Testing
import Transparency

@testable import PostgresTransparency

@Suite struct `Sealing and what is served of it` {
    private static let sizes = [1, 255, 256, 257, 65_535, 65_536, 65_537]

    @Test func `trees of all sizes around the borders of tiles have the defined root and its proofs`() async throws {
        let log = try SealedDatabase()
        let round = SealingRound(log.configuration(step: 30_000))
        for size in Self.sizes {
            try log.fill(to: size)
            #expect(try log.seal(round)?.size == Int64(size))
        }
        let leaves = try log.leaves()
        #expect(leaves.count == 65_537)
        let roots = Dictionary(uniqueKeysWithValues: Self.sizes.map { ($0, DefinedTree.root(leaves[..<$0])) })
        let (served, pipeline) = log.served()
        for size in Self.sizes {
            let checkpoint = try #require(try await served.checkpoint(ofSize: Int64(size)))
            #expect(checkpoint.root == roots[size])
            let stated = try Checkpoint(verifying: SignedNote(checkpoint.note), with: [log.key.verifier])
            #expect(stated.size == Int64(size) && stated.root == checkpoint.root)
            for index in Set([0, size / 3, size - 2, size - 1]) where index >= 0 {
                let proven = try #require(try await served.inclusion(of: Int64(index), inTreeOf: Int64(size)))
                #expect(proven.leafHash == leaves[index])
                #expect(proven.proof.proves(leaf: leaves[index], in: checkpoint.root), "\(index) of \(size)")
            }
            for older in Self.sizes where older <= size {
                let proven = try #require(try await served.consistency(from: Int64(older), to: Int64(size)))
                #expect(proven.older == roots[older] && proven.newer == roots[size])
                #expect(proven.proof.proves(proven.older, extendedTo: proven.newer), "\(older) to \(size)")
            }
        }
        // Sizes at which nothing was signed have proofs as well.
        let proven = try #require(try await served.inclusion(of: 299, inTreeOf: 777))
        #expect(proven.proof.proves(leaf: leaves[299], in: DefinedTree.root(leaves[..<777])))
        #expect(try await served.inclusion(of: 65_537, inTreeOf: 65_538) == nil)
        #expect(try await served.consistency(from: 5, to: 65_538) == nil)
        #expect(try await served.consistency(from: 6, to: 5) == nil)
        #expect(try await served.checkpoint(ofSize: 777) == nil)
        try await checkTiles(served, leaves)
        await pipeline.close()
    }

    private func checkTiles(_ served: PostgresSealedLog, _ leaves: [TreeHash]) async throws {
        #expect(try await served.tile(level: 0, index: 0, width: 256) == leaves[..<256].flatMap(\.bytes))
        #expect(try await served.tile(level: 0, index: 255, width: 17) == leaves[65_280..<65_297].flatMap(\.bytes))
        #expect(try await served.tile(level: 0, index: 256, width: 1) == leaves[65_536].bytes)
        let upper = stride(from: 0, to: 65_536, by: 256).map { DefinedTree.root(leaves[$0..<($0 + 256)]) }
        #expect(try await served.tile(level: 1, index: 0, width: 256) == upper.flatMap(\.bytes))
        #expect(try await served.tile(level: 2, index: 0, width: 1) == DefinedTree.root(leaves[..<65_536]).bytes)
        for (level, index, width) in [
            (0, 256, 2), (0, 256, 256), (0, 257, 1), (1, 1, 1), (2, 0, 2), (3, 0, 1), (8, 0, 1), (63, 0, 1),
            (0, 1 << 60, 256), (7, 1 << 62, 256),
        ] as [(Int, Int64, Int)] {
            #expect(
                try await served.tile(level: level, index: index, width: width) == nil, "\(level) \(index) \(width)")
        }
        let entries = try EntryBundle.decode(try #require(try await served.entries(index: 256, width: 1)))
        #expect(entries.map { TreeHash.leaf($0) } == [leaves[65_536]])
        let bundle = try EntryBundle.decode(try #require(try await served.entries(index: 3, width: 256)))
        #expect(bundle.map { TreeHash.leaf($0) } == Array(leaves[768..<1024]))
        #expect(try await served.entries(index: 256, width: 2) == nil)
    }

    @Test func `a step that took too long is made of fewer events, and grows again`() throws {
        let log = try SealedDatabase()
        let round = SealingRound(log.configuration(step: 1_000))
        try log.fill(to: 3_000)
        round.shorten()
        #expect(try [250, 750, 1_750, 2_750, 3_000].allSatisfy { try log.step(round)?.size == $0 })
        for _ in 0..<9 { round.shorten() }
        try log.fill(to: 3_150)
        #expect(try log.step(round)?.size == 3_100)
        #expect(try log.step(round)?.size == 3_150)
    }

    @Test func `a sealer that begins anew goes on with the same tree`() throws {
        let (once, often) = (try SealedDatabase(), try SealedDatabase())
        for size in [3, 4, 300, 511, 512, 1100] {
            try often.fill(to: size)
            // Another one each time, so that every edge is read back.
            #expect(try often.seal()?.size == Int64(size))
        }
        try once.fill(to: 1100)
        // Deterministic: the same events and the same key make the same note.
        #expect(try once.seal() == (try often.seal()))
        #expect(try often.number("SELECT count(*) FROM ledger.tiles") == 4)
        #expect(try often.number("SELECT count(*) FROM ledger.checkpoints") == 6)
    }

    @Test func `a backlog is sealed in steps`() throws {
        let log = try SealedDatabase()
        try log.fill(to: 1000)
        let round = SealingRound(log.configuration(step: 300))
        #expect(try log.seal(round)?.size == 1000)
        #expect(try log.number("SELECT count(*) FROM ledger.checkpoints") == 4)
        let leaves = try log.leaves()
        #expect(try log.seal()?.root == DefinedTree.root(leaves[...]))
    }

    @Test func `a purged box leaves the leaf as it was`() async throws {
        let log = try SealedDatabase()
        try log.fill(to: 300)
        try log.seal()
        let before = try log.leaves()
        try log.owner.execute(
            script: """
                INSERT INTO ledger.subject_keys (log_id, stream_id, epoch, wrapped, destroyed_at)
                SELECT DISTINCT 0, stream_id, 1, NULL::bytea, now() FROM ledger.events;
                UPDATE ledger.events SET secret = NULL WHERE secret IS NOT NULL;
                """)
        #expect(try log.number("SELECT count(*) FROM ledger.events WHERE secret IS NOT NULL") == 0)
        #expect(try log.leaves() == before)
        try log.fill(to: 310)
        // The edge is read back from purged rows, and its root is still the one that was signed.
        let newest = try #require(try log.seal())
        #expect(newest.size == 310)
        let (served, pipeline) = log.served()
        let proven = try #require(try await served.inclusion(of: 2, inTreeOf: 310))
        #expect(proven.proof.proves(leaf: before[2], in: newest.root))
        await pipeline.close()
    }

    @Test func `two sealers at once make one line of checkpoints`() async throws {
        let log = try SealedDatabase()
        let sealers = [0, 1].map { _ in Sealer(log.configuration(step: 500), logger: Self.silent) }
        let running = sealers.map { sealer in Task { await sealer.run() } }
        for size in stride(from: 200, through: 6_000, by: 200) {
            try log.fill(to: size)
            sealers.forEach { $0.wake() }
        }
        running.forEach { $0.cancel() }
        for task in running { await task.value }
        #expect(sealers.allSatisfy { $0.fault == nil })
        let leaves = try log.leaves()
        let rows = try log.owner.query(
            PostgresStatement("SELECT tree_size, root, note FROM ledger.checkpoints ORDER BY tree_size"))
        var sizes: [Int64] = []
        for row in 0..<rows.count {
            let checkpoint = try rows.sealedCheckpoint(row, from: 0)
            #expect(checkpoint.root == DefinedTree.root(leaves[..<Int(checkpoint.size)]))
            sizes.append(checkpoint.size)
        }
        #expect(sizes.last == 6_000)
        #expect(try log.number("SELECT count(*) FROM ledger.tiles WHERE level = 0") == 23)
    }

    @Test func `a checkpoint is kept only once it stands, and by those too who did not sign it`() async throws {
        let log = try SealedDatabase()
        let url = log.database.configuration()
        let (kept, keep) = AsyncStream<(SealedCheckpoint, Bool)>.makeStream()
        var configuration = log.configuration(key: nil)
        configuration.keep = { checkpoint in
            let connection = try PostgresConnection(url)
            defer { connection.close() }
            let rows = try connection.query(
                PostgresStatement("SELECT note FROM ledger.checkpoints ORDER BY tree_size DESC"))
            keep.yield((checkpoint, try rows.string(0, 0) == checkpoint.note))
        }
        let watcher = Sealer(configuration, logger: Self.silent)
        configuration.key = log.key
        let signer = Sealer(configuration, logger: Self.silent)
        let running = [watcher, signer].map { sealer in Task { await sealer.run() } }
        try log.fill(to: 5)
        signer.wake()
        var seen = 0
        for await (checkpoint, stands) in kept {
            #expect(checkpoint.size == 5 && stands)
            seen += 1
            if seen == 2 { break }
        }
        running.forEach { $0.cancel() }
        for task in running { await task.value }
        #expect(try log.number("SELECT count(*) FROM ledger.checkpoints") == 1)
        #expect(watcher.newest == signer.newest && watcher.alarms.isEmpty)
    }

    @Test func `what was appended before the end is sealed at the end`() async throws {
        let log = try SealedDatabase()
        let sealer = Sealer(log.configuration(), logger: Self.silent)
        let running = Task { await sealer.run() }
        try log.fill(to: 50)
        running.cancel()
        await running.value
        #expect(try log.number("SELECT max(tree_size) FROM ledger.checkpoints") == 50)
    }

    static let silent = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
}
