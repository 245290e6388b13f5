import AccountDomain
import Accounts
import PostgresClient
import PostgresLedger
import TestSupport
import Testing

/// Several gateways on a few hot accounts, with connections that break (docs/log.md).
@Suite(.serialized) struct RaceTests {
    private static let gateways = 4
    private static let accounts = 20
    private static let commands = 1_200

    @Test(arguments: [false, true])
    func `gateways that race keep the log whole`(_ breaksConnections: Bool) async throws {
        try await race(breaksConnections: breaksConnections, prepare: nil)
    }

    @Test func `small partitions, more of them attached while events come, keep the log whole`() async throws {
        // In place of the first partitions, which hold more than a test can fill, 4 of 100 events each.
        try await race(breaksConnections: true) { connection in
            try connection.execute(
                script: """
                    DO $$ DECLARE t regclass; BEGIN
                      FOR t IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'ledger.events'::regclass LOOP
                        EXECUTE format('DROP TABLE %s', t);
                      END LOOP;
                      FOR n IN 0..3 LOOP PERFORM ledger.add_partition(n * 100 + 1, n * 100 + 101); END LOOP;
                    END $$
                    """)
        }
    }

    private func race(
        breaksConnections: Bool, prepare: ((PostgresConnection) throws -> Void)?
    ) async throws {
        let database = try TestDatabase.make()
        let connection = try PostgresConnection(database.configuration())
        try prepare?(connection)
        let configuration = database.configuration(role: TestDatabase.gatewayRole)
        let clients = (0..<Self.gateways).map { _ in LogClient(configuration, keys: database.keys) }
        let streams = (0..<Self.accounts).map { _ in LogClient.newStream() }
        for (index, stream) in streams.enumerated() {
            let (client, command) = (clients[index % Self.gateways], LogClient.newCommand())
            try await client.insist { () async throws(Failure) in try await client.create(stream, command) }
        }
        let watch = GapWatch(database.configuration())
        let progress = Progress()

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !progress.isOver {
                    try await watch.look()
                    await Task.yield()
                }
                try await watch.look()
            }
            if breaksConnections {
                group.addTask { try await Self.breakConnections(of: clients, database, progress) }
            }
            if prepare != nil { group.addTask { try await Self.addPartitions(database, progress) } }
            group.addTask {
                await withTaskGroup(of: Void.self) { workers in
                    for worker in 0..<40 {
                        workers.addTask {
                            for number in 0..<(Self.commands / 40) {
                                let stream = streams[(worker * 7 + number) % streams.count]
                                let command = LogClient.newCommand()
                                let client = clients[worker % Self.gateways]
                                do {
                                    let it = try await client.insist { () async throws(Failure) in
                                        try await client.toggle(stream, command)
                                    }
                                    progress.note(command, stream, it)
                                } catch {
                                    Issue.record("a command failed: \(error)")
                                }
                            }
                        }
                    }
                }
                progress.end()
            }
            try await group.waitForAll()
        }
        #expect(watch.fault == nil)
        let answered = progress.answered
        #expect(answered.count == Self.commands)
        #expect(Set(answered.map(\.position)).count == answered.count)
        #expect(try WholeLog.faults(connection, answers: answered) == [])
        #expect(watch.position == Int64(Self.commands + Self.accounts))
        for client in clients { await client.close() }
        connection.close()
        try database.drop()
    }

    /// Ends the appenders' sessions one after the other, so that answers are lost on the way.
    private static func breakConnections(
        of clients: [LogClient], _ database: TestDatabase, _ progress: Progress
    ) async throws {
        let thread = PostgresThread(database.configuration(), name: "breaker")
        var number = 0
        while !progress.isOver {
            let backend = clients[number % clients.count].backendID
            number += 1
            if backend > 0 {
                try await thread.perform { connection in
                    try connection.execute(script: "SELECT pg_terminate_backend(\(backend))")
                }
            }
            try await Task.sleep(for: .milliseconds(40))
        }
        await thread.close()
    }

    private static func addPartitions(_ database: TestDatabase, _ progress: Progress) async throws {
        let thread = PostgresThread(database.configuration(), name: "partitions")
        while !progress.isOver {
            do {
                try await thread.perform { connection in
                    try connection.execute(script: "SELECT ledger.ensure_partitions(0::int2, 100, 4)")
                }
            } catch let error as PostgresError where error.sqlState == "55P03" {
                continue
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        await thread.close()
    }
}
