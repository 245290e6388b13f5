import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("Threads")
struct PostgresThreadTests {
    @Test func `jobs run one after the other on one connection`() async throws {
        let thread = PostgresThread(TestCluster.configuration(), name: "test")
        let pids = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await thread.perform { connection in
                        try connection.transaction { try $0.query(PostgresConnectionTests.backendPID).int32(0, 0) }
                    }
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(pids.count == 1)
        await thread.close()
        await #expect(throws: PostgresError.self) { try await thread.perform { $0.backendPID } }
    }

    @Test func `a transaction left open does not reach the next job`() async throws {
        let thread = PostgresThread(TestCluster.configuration(), name: "test")
        let first = try await thread.perform { connection in
            try connection.execute(script: "BEGIN")
            return connection.backendPID
        }
        let second = try await thread.perform { connection in
            #expect(connection.isIdle)
            return connection.backendPID
        }
        #expect(first != second)
        await thread.close()
    }

    @Test func `a session that ended between jobs is replaced`() async throws {
        let thread = PostgresThread(TestCluster.configuration(), name: "test")
        let first = try await thread.perform { $0.backendPID }
        let observer = try TestCluster.connect()
        var parameters = PostgresParameters()
        parameters.append(first)
        try observer.query(PostgresConnectionTests.terminate, parameters)
        // The job that finds the session ended while it is at it fails, and the next has another session.
        var second = first
        while second == first {
            do {
                second = try await thread.perform { try $0.query(PostgresConnectionTests.backendPID).int32(0, 0) }
            } catch let error as PostgresError where error.kind == .connection || error.sqlState == "57P01" {
                continue
            }
        }
        #expect(second != first)
        await thread.close()
    }

    @Test func `what a job throws reaches its caller`() async {
        struct Refusal: Error {}
        let thread = PostgresThread(TestCluster.configuration(), name: "test")
        await #expect(throws: Refusal.self) { try await thread.perform { _ in throw Refusal() } }
        await thread.close()
    }

    @Test func `a dedicated thread has run when it is joined`() {
        let ran = Atomic<Bool>(false)
        let thread = DedicatedThread(name: "a name longer than fifteen") { ran.store(true, ordering: .releasing) }
        thread.join()
        thread.join()
        let hasRun = ran.load(ordering: .acquiring)
        #expect(hasRun)
    }
}
