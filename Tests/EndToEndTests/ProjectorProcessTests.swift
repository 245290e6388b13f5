import Glibc
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// Two projectors, killed at random, one stopped and continued as a zombie: the read models equal the log.
@Suite struct ProjectorProcessTests {
    @Test func `read models equal the log after kills and zombies`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let root = gateway.root
        let domain = JSONValue.string(Unique.domain())
        _ = try root.call("POST", "/v1/spaces", ["name": domain, "domain": domain, "host": domain])
        let people = try (0..<24).map { _ in try root.account(["space": domain]) }
        let writers = (0..<4).map { number in
            BackgroundWork {
                for round in 0..<60 {
                    let person = people[(round * 4 + number) % people.count]
                    let value = JSONValue.string("\(number).\(round)")
                    switch round % 5 {
                    case 0: _ = try root.call("POST", "\(person.path)/devices", ["name": value])
                    case 1: _ = try root.call("PATCH", person.path, ["emails": [.string("\(Unique.name())@e.org")]])
                    case 2: _ = try root.call("POST", "\(person.path)/\(round % 2 == 0 ? "activate" : "deactivate")")
                    case 3: _ = try root.account(["space": domain])
                    default: _ = try root.call("PATCH", person.path, ["profile": ["n": value]])
                    }
                    if round == 30 { _ = try root.call("DELETE", people[number].path) }
                }
            }
        }
        var projectors = [try deployment.project(), try deployment.project()]
        var random = SystemRandomNumberGenerator()
        repeat {
            // One freezes in the middle of whatever it does, the other is killed and replaced.
            let zombie = Int.random(in: 0...1, using: &random)
            projectors[zombie].signal(SIGSTOP)
            projectors[1 - zombie].kill9()
            projectors[1 - zombie] = try deployment.project()
            let head = try root.head()
            _ = try eventually(within: 3) { try slowest(root) >= head }
            projectors[zombie].signal(SIGCONT)
        } while !writers.allSatisfy(\.hasEnded)
        for writer in writers { try writer.wait() }

        #expect(try eventually { try lag(root) == 0 })
        for projector in projectors { #expect(projector.stop() == 0, "\(projector.errors.suffix(500))") }
        try compare(deployment, root)
        #expect(gateway.process.stop() == 0)
    }

    @Test func `a gateway answers for accounts before any projector has run`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let root = gateway.root
        let made = try root.call("POST", "/v1/accounts", ["name": "early"])
        #expect(made.status == 201)
        let read = try root.call("GET", "/v1/accounts/\(made["id"].stringValue ?? "")")
        #expect(read.status == 200 && read.json == made.json, "\(read.status) \(read.text)")
        let listed = try root.call("GET", "/v1/accounts")
        #expect(listed.status == 503 && listed.slug == "unavailable", "\(listed.status) \(listed.text)")
        #expect(gateway.process.stop() == 0)
    }

    private func projections(_ root: Client) throws -> [JSONValue] { try root.call("GET", "/v1/projections").items }

    private func slowest(_ root: Client) throws -> Int64 {
        try projections(root).compactMap { $0["position"].integerValue }.min() ?? 0
    }

    private func lag(_ root: Client) throws -> Int64? {
        let all = try projections(root)
        guard all.count >= 3, all.allSatisfy({ $0["parked"] == [] }) else { return nil }
        return all.compactMap { $0["lag_events"].integerValue }.reduce(0, +)
    }

    /// Each row against the log, and what is shown against a fold by a gateway that has no read model to ask.
    private func compare(_ deployment: Deployment, _ root: Client) throws {
        let connection = try PostgresConnection(deployment.database.configuration())
        defer { connection.close() }
        let wrong = try connection.query(
            PostgresStatement(
                """
                WITH log AS (SELECT stream_id, max(version) AS version, bool_or(event_type LIKE '%erased%') AS erased,
                                    (array_agg(event_type ORDER BY version))[1] AS first
                               FROM ledger.events GROUP BY stream_id)
                SELECT log.stream_id::text, log.version, coalesce(a.version, 0), log.erased, coalesce(a.erased, false)
                  FROM log LEFT JOIN rm.accounts_1 a USING (stream_id)
                 WHERE log.first LIKE 'account.%'
                   AND (a.version IS DISTINCT FROM log.version OR a.erased IS DISTINCT FROM log.erased)
                """))
        let rows = try (0..<wrong.count).map { try wrong.string($0, 0) }
        #expect(rows.isEmpty, "rows that differ from the log: \(rows)")

        let listed = try root.all("/v1/accounts", limit: 100)
        var shown: [String: Response] = [:]
        for account in listed {
            let id = account["id"].stringValue ?? ""
            shown[id] = try root.call("GET", "/v1/accounts/\(id)")
            #expect(shown[id]?.json == account, "a list and a single read agree")
        }
        // Without a row, and with the lanes far behind, a gateway folds the stream itself.
        try connection.execute(script: "TRUNCATE rm.accounts_1; UPDATE ledger.lanes SET position = 0")
        for (id, response) in shown.prefix(40) {
            let folded = try root.call("GET", "/v1/accounts/\(id)")
            #expect(folded.json == response.json && folded.header("ETag") == response.header("ETag"), "\(id)")
        }
    }
}
