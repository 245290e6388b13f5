import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("Pipeline")
struct PostgresPipelineTests {
    static let echo = PostgresStatement("SELECT $1::int8", parameterTypes: [.int8])
    static let sharedEcho = PostgresStatement("SELECT $1::int8", parameterTypes: [.int8], isReadOnly: true)
    static let divide = PostgresStatement("SELECT 100 / $1::int8", parameterTypes: [.int8])
    static let sharedDivide = PostgresStatement("SELECT 100 / $1::int8", parameterTypes: [.int8], isReadOnly: true)
    static let sleep = PostgresStatement("SELECT pg_sleep($1)::text", parameterTypes: [.float8])
    static let backendPID = PostgresStatement("SELECT pg_backend_pid()")
    static let terminate = PostgresStatement("SELECT pg_terminate_backend($1)", parameterTypes: [.int4])

    private func parameters(_ value: Int64) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(value)
        return parameters
    }

    /// The kinds of failures in their order.
    private final class Kinds: Sendable {
        private let list = Mutex<[PostgresError.Kind]>([])
        var values: [PostgresError.Kind] { list.withLock { $0 } }

        func append(_ result: Result<PostgresRows, PostgresError>) {
            if case .failure(let error) = result { list.withLock { $0.append(error.kind) } }
        }
    }

    private func seconds(_ value: Double) -> PostgresParameters {
        var parameters = PostgresParameters()
        parameters.append(value)
        return parameters
    }

    /// Runs a statement whose failure is what matters.
    private func failure(_ body: () async throws -> PostgresRows) async -> PostgresError? {
        await #expect(throws: PostgresError.self) { _ = try await body() }
    }

    private func terminate(_ pid: Int32) throws {
        var parameters = PostgresParameters()
        parameters.append(pid)
        try TestCluster.connect().query(Self.terminate, parameters)
    }

    @Test(arguments: [echo, sharedEcho])
    func `two thousand concurrent statements each get their own answer`(statement: PostgresStatement) async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
            for value in 0..<2000 {
                group.addTask {
                    let rows = try await pipeline.query(
                        statement, parameters(Int64(value)), deadlineMilliseconds: 60_000)
                    let answer = try rows.int64(0, 0)
                    #expect(answer == Int64(value))
                    return answer
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 1999 * 1000)
        #expect(pipeline.outstandingCount == 0)
        await pipeline.close()
    }

    @Test(arguments: [divide, sharedDivide])
    func `the failure of a statement is its own`(statement: PostgresStatement) async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for value in 0..<300 {
                group.addTask {
                    if value % 3 == 0 {
                        let error = await failure {
                            try await pipeline.query(statement, parameters(0), deadlineMilliseconds: 60_000)
                        }
                        #expect(error?.sqlState == "22012")
                    } else {
                        let rows = try await pipeline.query(
                            statement, parameters(Int64(value)), deadlineMilliseconds: 60_000)
                        #expect(try rows.int64(0, 0) == Int64(100 / value))
                    }
                }
            }
            try await group.waitForAll()
        }
        await pipeline.close()
    }

    @Test(arguments: [false, true])
    func `a statement that cannot be prepared fails alone`(isReadOnly: Bool) async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        let wrong = PostgresStatement("SELECT nothing FROM nowhere", isReadOnly: isReadOnly)
        let good = isReadOnly ? Self.sharedEcho : Self.echo
        try await withThrowingTaskGroup(of: Void.self) { group in
            for value in 0..<100 {
                group.addTask {
                    if value % 2 == 0 {
                        let error = await failure { try await pipeline.query(wrong, deadlineMilliseconds: 60_000) }
                        #expect(error?.sqlState == "42P01")
                    } else {
                        let rows = try await pipeline.query(
                            good, parameters(Int64(value)), deadlineMilliseconds: 60_000)
                        #expect(try rows.int64(0, 0) == Int64(value))
                    }
                }
            }
            try await group.waitForAll()
        }
        await pipeline.close()
    }

    @Test func `a lost preparing is made anew`() async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        #expect(try await pipeline.query(Self.echo, parameters(1)).int64(0, 0) == 1)
        try await pipeline.query(PostgresStatement("DEALLOCATE ALL"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for value in 0..<50 {
                group.addTask {
                    let rows = try await pipeline.query(Self.echo, parameters(Int64(value)))
                    #expect(try rows.int64(0, 0) == Int64(value))
                }
            }
            try await group.waitForAll()
        }
        await pipeline.close()
    }

    @Test func `a failure at the commit is the statement's failure`() async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        try await pipeline.query(
            PostgresStatement("CREATE TEMP TABLE t (a int8 UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        let insert = PostgresStatement("INSERT INTO t VALUES ($1)", parameterTypes: [.int8])
        #expect(try await pipeline.query(insert, parameters(1)).affected == 1)
        let error = await failure { try await pipeline.query(insert, parameters(1)) }
        #expect(error?.sqlState == "23505")
        #expect(try await pipeline.query(insert, parameters(2)).affected == 1)
        await pipeline.close()
    }

    @Test func `warnings come with the rows, those of the commit too`() async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test") { connection in
            try connection.execute(
                script: """
                    CREATE FUNCTION pg_temp.warn() RETURNS trigger LANGUAGE plpgsql
                        AS $$ BEGIN RAISE WARNING 'not replicated'; RETURN NULL; END $$;
                    CREATE TEMP TABLE t (a int8);
                    CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION pg_temp.warn();
                    """)
        }
        let insert = PostgresStatement("INSERT INTO t VALUES ($1)", parameterTypes: [.int8])
        #expect(try await pipeline.query(insert, parameters(1)).warnings == ["01000"])
        #expect(try await pipeline.query(Self.echo, parameters(1)).warnings.isEmpty)
        await pipeline.close()
    }

    @Test func `a terminated session fails what was under way and is replaced`() async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        let pid = try await pipeline.query(Self.backendPID).int32(0, 0)
        async let lost = failure {
            try await pipeline.query(Self.sleep, seconds(60), deadlineMilliseconds: 60_000)
        }
        while try !isSleeping(pid) {}
        try terminate(pid)
        let error = await lost
        #expect(error?.kind == .connection)
        #expect(error?.isOutcomeUnknown == true)
        let next = try await pipeline.query(Self.backendPID, deadlineMilliseconds: 60_000).int32(0, 0)
        #expect(next != pid)
        #expect(pipeline.state == .connected)
        await pipeline.close()
    }

    private func isSleeping(_ pid: Int32) throws -> Bool {
        var parameters = PostgresParameters()
        parameters.append(pid)
        let rows = try TestCluster.connect().query(
            PostgresStatement(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'",
                parameterTypes: [.int4]), parameters)
        return try rows.int64(0, 0) == 1
    }

    @Test func `a session terminated while idle is replaced without a failure`() async throws {
        let connects = Atomic<Int>(0)
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test") { _ in
            connects.add(1, ordering: .relaxed)
        }
        let pid = try await pipeline.query(Self.backendPID).int32(0, 0)
        try terminate(pid)
        while connects.load(ordering: .relaxed) < 2 { await Task.yield() }
        #expect(try await pipeline.query(Self.backendPID, deadlineMilliseconds: 60_000).int32(0, 0) != pid)
        await pipeline.close()
    }

    @Test func `deadlines pass in flight while the connection lives on`() async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        let pid = try await pipeline.query(Self.backendPID).int32(0, 0)
        let error = await failure { try await pipeline.query(Self.sleep, seconds(1), deadlineMilliseconds: 100) }
        #expect(error?.kind == .timeout)
        #expect(error?.isOutcomeUnknown == true)
        #expect(try await pipeline.query(Self.backendPID, deadlineMilliseconds: 60_000).int32(0, 0) == pid)
        await pipeline.close()
    }

    @Test func `a server that stays silent loses its connection`() async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(stallLimitMilliseconds: 200), name: "test")
        let pid = try await pipeline.query(Self.backendPID).int32(0, 0)
        // What stands behind it on the wire goes down with it.
        let kinds = Kinds()
        await withCheckedContinuation { continuation in
            pipeline.submit(Self.sleep, seconds(20), deadlineMilliseconds: 100) { kinds.append($0) }
            pipeline.submit(Self.sleep, seconds(0), deadlineMilliseconds: 60_000) {
                kinds.append($0)
                continuation.resume()
            }
        }
        #expect(kinds.values == [.timeout, .connection])
        #expect(try await pipeline.query(Self.backendPID, deadlineMilliseconds: 60_000).int32(0, 0) != pid)
        await pipeline.close()
    }

    @Test func `without a server statements wait until their deadline`() async throws {
        let pipeline = PostgresPipeline(
            PostgresConfiguration(url: "host=/nonexistent", applicationName: "test"), name: "test")
        let error = await failure { try await pipeline.query(Self.echo, parameters(1), deadlineMilliseconds: 120) }
        #expect(error?.kind == .connection)
        #expect(error?.isOutcomeUnknown == false)
        #expect(pipeline.state == .connecting)
        #expect(pipeline.lastFailure != nil)
        await pipeline.close()
        #expect(pipeline.state == .closed)
    }

    @Test func `a full queue refuses at once`() async throws {
        let pipeline = PostgresPipeline(
            PostgresConfiguration(url: "host=/nonexistent", applicationName: "test"), maximumQueued: 3, name: "test")
        let kinds = Kinds()
        for _ in 0..<5 {
            pipeline.submit(Self.echo, parameters(1), deadlineMilliseconds: 60_000) { kinds.append($0) }
        }
        #expect(kinds.values == [.overloaded, .overloaded])
        await pipeline.close()
        #expect(kinds.values == [.overloaded, .overloaded, .closed, .closed, .closed])
    }

    @Test func `closing finishes what was submitted and leaves no session behind`() async throws {
        let name = "closing-test-\(UInt32.random(in: 0...(.max)))"
        let pipeline = PostgresPipeline(TestCluster.configuration(name: name), name: "test")
        let pid = try await pipeline.query(Self.backendPID).int32(0, 0)
        let answered = Atomic<Int>(0)
        await withTaskGroup(of: Void.self) { group in
            for value in 0..<100 {
                pipeline.submit(Self.echo, parameters(Int64(value)), deadlineMilliseconds: 60_000) { result in
                    if case .success = result { answered.add(1, ordering: .relaxed) }
                }
            }
            group.addTask { await pipeline.close() }
        }
        let answeredCount = answered.load(ordering: .relaxed)
        #expect(answeredCount == 100)
        let error = await failure { try await pipeline.query(Self.echo, parameters(1)) }
        #expect(error?.kind == .closed)
        await pipeline.close()

        var target = PostgresParameters()
        target.append(pid)
        let observer = try TestCluster.connect()
        let count = PostgresStatement(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", parameterTypes: [.int4])
        while try observer.query(count, target).int64(0, 0) > 0 {}
    }

    @Test func `a completion submits the next statement`() async throws {
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test")
        let last: Int64 = await withCheckedContinuation { continuation in
            @Sendable func step(_ value: Int64) {
                pipeline.submit(Self.echo, parameters(value), deadlineMilliseconds: 60_000) { result in
                    guard let rows = try? result.get(), let answer = try? rows.int64(0, 0), answer < 500 else {
                        return continuation.resume(returning: value)
                    }
                    step(answer + 1)
                }
            }
            #expect(pipeline.perform { step(0) })
        }
        #expect(last == 500)
        await pipeline.close()
        #expect(!pipeline.perform {})
    }

    @Test func `a connection that the check refuses is made again`() async throws {
        struct Refusal: Error {}
        let attempts = Atomic<Int>(0)
        let pipeline = PostgresPipeline(TestCluster.configuration(), name: "test") { connection in
            #expect(connection.isIdle)
            if attempts.add(1, ordering: .relaxed).newValue < 3 { throw Refusal() }
        }
        #expect(try await pipeline.query(Self.echo, parameters(1), deadlineMilliseconds: 60_000).int64(0, 0) == 1)
        let attemptCount = attempts.load(ordering: .relaxed)
        #expect(attemptCount == 3)
        await pipeline.close()
    }
}
