import Glibc
import Logging
import PostgresClient
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import AccountLedger

/// What a process does beside its requests: again and again, whatever goes wrong, until it ends.
@Suite("Housekeeping") struct HousekeepingTests {
    private let list = Messages.List()

    /// Runs chores until `use` is through, then shuts them down in order.
    private func keeping(
        _ configuration: PostgresConfiguration, _ chores: [any Chore], _ use: () async throws -> Void
    ) async throws {
        var logger = Logger(label: "test") { [list] _ in Messages(list: list) }
        logger.logLevel = .info
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: .init(services: [Housekeeping(configuration, chores, logger: logger)], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do { try await use() } catch {
                tasks.cancelAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Waits for what must come; the time limit of the suite ends a wait for what does not.
    private func until(_ condition: () throws -> Bool) async throws {
        while try !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    private struct Stumbling: Chore {
        struct Stone: Error {}

        var pause = Duration.milliseconds(1)
        let trouble: Logger.Message? = "stumbled"
        let fails: @Sendable (Int) -> Bool
        let rounds: Counter

        func round(_ thread: PostgresThread) async throws {
            if fails(rounds.next()) { throw Stone() }
        }
    }

    private final class Counter: Sendable {
        private let value = Atomic<Int>(0)

        var count: Int { value.load(ordering: .acquiring) }
        func next() -> Int { value.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue }
    }

    private final class Gate: Sendable {
        let isOpen = Atomic<Bool>(true)
    }

    private let nowhere = PostgresConfiguration(url: "host=/nowhere", applicationName: "tests")

    @Test(.timeLimit(.minutes(1)))
    func `a chore that fails is tried again, and each row of failures is told once`() async throws {
        let rounds = Counter()
        let chore = Stumbling(fails: { (2...9).contains($0) || (20...25).contains($0) }, rounds: rounds)
        try await keeping(nowhere, [chore]) { try await until { rounds.count > 40 } }
        #expect(list.texts.withLock { $0 } == ["stumbled", "stumbled"])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a chore that rests for long ends with the process, and holds no other up`() async throws {
        let (resting, busy) = (Counter(), Counter())
        let chores = [
            Stumbling(pause: .seconds(3_600), fails: { _ in true }, rounds: resting),
            Stumbling(fails: { _ in false }, rounds: busy),
        ]
        try await keeping(nowhere, chores) { try await until { busy.count > 20 && resting.count > 0 } }
        #expect(resting.count == 1)
    }

    // MARK: - Thinning

    /// Fills in checkpoints: 12 in three hours of two days ago, and 4 of today.
    private func fill(_ owner: PostgresConnection, above size: Int) throws {
        try owner.execute(
            script: """
                INSERT INTO ledger.checkpoints (log_id, tree_size, root, note, signed_at)
                SELECT 0, \(size) + g, sha256(''), E'log\\n' || \(size) + g || E'\\n',
                       CASE WHEN g > 12 THEN now() - interval '1 hour' + g * interval '1 second'
                            ELSE date_trunc('hour', now() - interval '2 days', 'UTC') + (g - 1) / 4 * interval '1 hour'
                                 + (g - 1) % 4 * interval '10 minutes' END
                  FROM generate_series(1, 16) g;
                INSERT INTO ledger.cosignatures (log_id, tree_size, witness, line)
                SELECT 0, \(size) + g, 'w+00000001', 'line' FROM generate_series(3, 4) g;
                """)
    }

    @Test(.timeLimit(.minutes(1)))
    func `old checkpoints are thinned out round for round, after trouble too, and not where nothing may be written`()
        async throws
    {
        let database = try TestDatabase.make()
        let owner = try PostgresConnection(database.configuration())
        func sizes(_ table: String = "checkpoints") throws -> String {
            try owner.query(
                PostgresStatement(
                    "SELECT coalesce(string_agg(tree_size::text, ' ' ORDER BY tree_size), '') FROM ledger.\(table)")
            ).string(0, 0)
        }
        func execution(_ change: String) throws {
            try owner.execute(
                script:
                    "\(change) EXECUTE ON FUNCTION ledger.thin_checkpoints(int2, int4) \(change == "GRANT" ? "TO" : "FROM") ledger_gateway"
            )
        }
        try fill(owner, above: 0)
        try execution("REVOKE")
        let (gate, looks) = (Gate(), Counter())
        let thinner = CheckpointThinner(pause: .milliseconds(1)) {
            _ = looks.next()
            return gate.isOpen.load(ordering: .acquiring)
        }
        let configuration = database.configuration(role: TestDatabase.gatewayRole)
        try await keeping(configuration, [thinner]) {
            try await until { looks.count > 5 }
            #expect(list.texts.withLock { $0 } == ["old checkpoints cannot be thinned out"])
            #expect(try sizes() == "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16")
            try execution("GRANT")
            try await until { try sizes() == "4 8 12 13 14 15 16" }
            // What a witness said of one that stays, stays as well.
            #expect(try sizes("cosignatures") == "4")
            let before = looks.count
            try await until { looks.count > before + 3 }
            #expect(try sizes() == "4 8 12 13 14 15 16", "what was thinned out stays as it is")

            gate.isOpen.store(false, ordering: .releasing)
            // A round that looked before may still be at work.
            let shut = looks.count
            try await until { looks.count > shut + 1 }
            try fill(owner, above: 16)
            try await until { looks.count > shut + 6 }
            #expect(try sizes("checkpoints WHERE tree_size > 16") == (17...32).map { "\($0)" }.joined(separator: " "))
            gate.isOpen.store(true, ordering: .releasing)
            try await until { try sizes("checkpoints WHERE tree_size > 16") == "20 24 28 29 30 31 32" }
        }
        let sessions = PostgresStatement(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        try await until { try owner.query(sessions).int64(0, 0) == 0 }
        owner.close()
        try database.drop()
    }
}
