import PostgresClient
import StrictJSON
import Synchronization
import TestSupport
import Testing

/// Root's reads of accounts, many in one statement: each as fresh as if it were alone.
@Suite struct SharedReadTests {
    @Test func `rows that are level, behind, parked and erased are read in one go`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let root = gateway.root
        let projector = try deployment.project()
        let people = try (0..<16).map { try root.account(["profile": ["n": .string("\($0)")]]) }
        #expect(try eventually { try lag(root) == 0 })
        let level = try readAtOnce(people, root)
        #expect(level.map { $0["profile"]["n"] } == (0..<16).map { JSONValue.string("\($0)") })
        #expect(projector.stop() == 0)

        // Nobody projects from here on: what is behind can only be told from the log.
        for (number, person) in people.enumerated() where number % 4 == 1 {
            #expect(try root.call("PATCH", person.path, ["profile": ["n": "new"]]).status == 200)
        }
        for (number, person) in people.enumerated() where number % 4 == 2 {
            #expect(try root.call("DELETE", person.path).status == 204)
        }
        // A parked stream is folded, whatever its row says; these rows say what is wrong.
        try spoil(people.enumerated().filter { $0.offset % 4 == 3 }.map(\.element.id), in: deployment)
        for _ in 0..<3 {
            let answers = try readAtOnce(people, root)
            for (number, answer) in answers.enumerated() {
                switch number % 4 {
                case 1: #expect(answer["profile"]["n"] == "new" && answer["version"] == 2, "\(answer.text)")
                case 2: #expect(answer.status == 410, "\(answer.status) \(answer.text)")
                default:
                    #expect(answer["profile"]["n"] == .string("\(number)"), "\(answer.status) \(answer.text)")
                    #expect(answer.header("ETag") == #""1""#)
                }
            }
        }
        #expect(gateway.process.stop() == 0)
    }

    /// Swaps the rows' versions away from the log's and marks the streams as parked.
    private func spoil(_ ids: [String], in deployment: Deployment) throws {
        let connection = try PostgresConnection(deployment.database.configuration())
        defer { connection.close() }
        let version = try connection.query(
            PostgresStatement("SELECT version FROM ledger.projections WHERE name = 'accounts' AND state = 'active'")
        ).int32(0, 0)
        for id in ids {
            try connection.execute(
                script: """
                    UPDATE rm.accounts_\(version) SET version = 7 WHERE stream_id = '\(id)';
                    INSERT INTO ledger.parked (name, version, log_id, stream_id, lane, position, error)
                    SELECT 'accounts', \(version), 0, '\(id)', get_byte(uuid_send('\(id)'), 0) >> 6, 1, 'a test';
                    """)
        }
    }

    /// One read of each, all under way together.
    private func readAtOnce(_ people: [Person], _ root: Client) throws -> [Response] {
        let answers = Mutex([Int: Response]())
        let readers = people.enumerated().map { number, person in
            atOnceInBackground {
                let answer = try root.call("GET", person.path)
                answers.withLock { $0[number] = answer }
            }
        }
        for reader in readers { try reader.wait() }
        return try people.indices.map { number in try #require(answers.withLock { $0[number] }) }
    }

    private func lag(_ root: Client) throws -> Int64? {
        let all = try root.call("GET", "/v1/projections").items
        guard all.count >= 5 else { return nil }
        return all.compactMap { $0["lag_events"].integerValue }.reduce(0, +)
    }
}
