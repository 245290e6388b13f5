import Glibc
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// Rebuilds as operators see them: asked for over HTTP, done by whichever project process is alive.
@Suite struct RebuildProcessTests {
    @Test func `a rebuild is asked for once, followed, cancelled and asked for again`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let root = gateway.root
        #expect(try root.call("POST", "/v1/projections/nothing/rebuild").status == 404)

        // The tables are made, and then nobody is there to do the work.
        let first = try deployment.project()
        #expect(try eventually { try root.call("GET", "/v1/projections").items.count == 5 })
        #expect(first.stop() == 0)
        _ = try root.account([:])
        let asked = try root.call("POST", "/v1/projections/accounts/rebuild")
        #expect(asked.status == 202 && asked["state"] == "requested", "\(asked.status) \(asked.text)")
        let place = try #require(asked.header("Location"))
        let again = try root.call("POST", "/v1/projections/accounts/rebuild")
        #expect(again.status == 409 && again.header("Location") == place, "\(again.status) \(again.text)")
        #expect(try root.call("DELETE", place).status == 204)
        #expect(try root.call("GET", place)["state"] == "cancelled")
        #expect(try root.call("DELETE", place).status == 204)
        #expect(try root.call("POST", "/v1/projections/accounts/rebuild", ["at": 1_000_000]).status == 400)
        #expect(try root.call("POST", "/v1/projections/accounts/rebuild", ["att": 1]).status == 422)

        let second = try root.call("POST", "/v1/projections/accounts/rebuild", ["jobs": 1, "memory_mb": 64])
        let target = try #require(second.header("Location"))
        let projector = try deployment.project()
        #expect(try eventually { try root.call("GET", target)["state"] == "finished" })
        let finished = try root.call("GET", target)
        #expect(finished["done"] == finished["total"] && finished["eta_seconds"] == 0, "\(finished.text)")
        #expect(try root.call("DELETE", target).slug == "conflict")
        let active = try root.call("GET", "/v1/projections/accounts")
        #expect(active["version"] == 2 && active["fold"] == 1, "\(active.text)")
        // One of the past stays where it is, which is no lag.
        let past = try #require(
            try root.call("POST", "/v1/projections/accounts/rebuild", ["at": 1]).header("Location"))
        #expect(try eventually { try root.call("GET", past)["state"] == "finished" })
        let scratch = try root.call("GET", "/v1/projections").items.filter { $0["state"] == "scratch" }
        #expect(scratch.map { $0["position"] } == [1] && scratch.map { $0["lag_events"] } == [0], "\(scratch)")
        #expect(projector.stop() == 0)
        #expect(gateway.process.stop() == 0)
    }

    @Test func `both versions equal the log after rebuilds under appends, kills and zombies`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let root = gateway.root
        let people = try (0..<24).map { _ in try root.account([:]) }
        let writers = (0..<2).map { number in
            BackgroundWork {
                for round in 0..<80 {
                    let person = people[(round * 2 + number) % people.count]
                    let value = JSONValue.string("\(number).\(round)")
                    if round % 3 == 0 { _ = try root.account([:]) }
                    let written = try root.call("PATCH", person.path, ["profile": ["n": value]])
                    // What was acknowledged is seen, whichever version answers.
                    let read = try root.call("GET", person.path)
                    // Erased people are gone from either answer.
                    if let before = written["version"].integerValue, read.status == 200 {
                        let now = read["version"].integerValue ?? -1
                        guard now >= before else { throw TestFailure("a read went back from \(before) to \(now)") }
                    } else {
                        guard [404, 410].contains(read.status) else {
                            throw TestFailure("\(written.status), then \(read.status)")
                        }
                    }
                    if round == 40 { _ = try root.call("DELETE", people[number].path) }
                }
            }
        }
        var projectors = [try deployment.project(), try deployment.project()]
        #expect(try eventually { try root.call("GET", "/v1/projections").items.count == 5 })
        var random = SystemRandomNumberGenerator()
        var place: String?
        var swaps = 0
        var rounds = 0
        repeat {
            rounds += 1
            if let known = place, try root.call("GET", known)["state"] == "finished" {
                swaps += 1
                place = nil
            }
            if place == nil {
                place = try root.call("POST", "/v1/projections/accounts/rebuild").header("Location")
            }
            let zombie = Int.random(in: 0...1, using: &random)
            projectors[zombie].signal(SIGSTOP)
            projectors[1 - zombie].kill9()
            projectors[1 - zombie] = try deployment.project()
            let head = try root.head()
            _ = try eventually(within: 3) { try slowest(root) >= head }
            projectors[zombie].signal(SIGCONT)
            // With bad luck every round meets whoever rebuilds; then the last rebuild is let through by the end of them.
        } while !writers.allSatisfy(\.hasEnded) || (swaps == 0 && rounds < 12)
        for writer in writers { try writer.wait() }
        if let place { #expect(try eventually { try root.call("GET", place)["state"] == "finished" }) }
        #expect(try eventually { try lag(root) == 0 })
        try compare(deployment)
        for projector in projectors { #expect(projector.stop() == 0, "\(projector.errors.suffix(500))") }
        #expect(gateway.process.stop() == 0)
    }

    @Test func `a parked stream is named, retried, and served meanwhile`() throws {
        let deployment = try Deployment()
        let gateway = try deployment.serve()
        let root = gateway.root
        let projector = try deployment.project()
        let person = try root.account([:])
        let connection = try PostgresConnection(deployment.database.configuration())
        defer { connection.close() }
        #expect(try eventually { try lag(root) == 0 })
        // Its key does not unwrap for a while: whatever is appended cannot be folded.
        try connection.execute(
            script: """
                UPDATE ledger.subject_keys SET wrapped = substr(wrapped, 2) || wrapped WHERE stream_id = '\(person.id)';
                """)
        #expect(projector.stop() == 0)
        let blind = try deployment.project()
        try connection.execute(
            script: """
                INSERT INTO ledger.events SELECT (SELECT max(position) + 1 FROM ledger.events), recorded_at, stream_id,
                       gen_random_uuid(), 2, log_id, 'account.blocked.v1', meta, '{}', NULL, NULL
                  FROM ledger.events WHERE stream_id = '\(person.id)' AND version = 1;
                """)
        #expect(try eventually { try parked(root).count == 1 })
        let shown = try #require(try parked(root).first)
        #expect(shown["type"] == "account.blocked.v1" && shown["stream"].stringValue == person.id)
        #expect(
            eventually {
                blind.errors.contains("stream parked") && blind.errors.contains("account.blocked.v1")
            })
        #expect(try root.call("GET", "/health/ready")["parked"].arrayValue?.first?["type"] == "account.blocked.v1")
        let route = "/v1/projections/accounts/parked/\(person.id)/retry"
        let vain = try root.call("POST", route)
        #expect(vain.status == 200 && vain["parked"]["attempts"] == 2, "\(vain.status) \(vain.text)")
        try connection.execute(
            script: """
                UPDATE ledger.subject_keys SET wrapped = substr(wrapped, 60) WHERE stream_id = '\(person.id)';
                """)
        let mended = try root.call("POST", route)
        #expect(mended.status == 200 && mended["parked"] == .null, "\(mended.status) \(mended.text)")
        #expect(try root.call("POST", route).status == 404)
        #expect(try root.call("GET", person.path)["blocked"] == true)
        #expect(blind.stop() == 0)
        #expect(gateway.process.stop() == 0)
    }

    private func parked(_ root: Client) throws -> [JSONValue] {
        try root.call("GET", "/v1/projections/accounts")["parked"].arrayValue ?? []
    }

    private func slowest(_ root: Client) throws -> Int64 {
        try root.call("GET", "/v1/projections").items.filter { $0["state"] == "active" }
            .compactMap { $0["position"].integerValue }.min() ?? 0
    }

    private func lag(_ root: Client) throws -> Int64? {
        let all = try root.call("GET", "/v1/projections").items
        guard all.count >= 5, all.allSatisfy({ $0["parked"] == [] }) else { return nil }
        return all.compactMap { $0["lag_events"].integerValue }.reduce(0, +)
    }

    /// The rows of both versions against the log.
    private func compare(_ deployment: Deployment) throws {
        let connection = try PostgresConnection(deployment.database.configuration())
        defer { connection.close() }
        let versions = try connection.query(
            PostgresStatement(
                """
                SELECT version FROM ledger.projections WHERE name = 'accounts' AND state IN ('active', 'standby')
                """))
        #expect(versions.count == 2)
        for row in 0..<versions.count {
            let version = try versions.int32(row, 0)
            let wrong = try connection.query(
                PostgresStatement(
                    """
                    WITH log AS (SELECT stream_id, max(version) AS version, bool_or(event_type LIKE '%erased%') AS erased
                                   FROM ledger.events GROUP BY stream_id)
                    SELECT count(*) FROM log FULL JOIN rm.accounts_\(version) a USING (stream_id)
                     WHERE a.version IS DISTINCT FROM log.version OR a.erased IS DISTINCT FROM log.erased
                        OR (a.view IS NULL) IS DISTINCT FROM log.erased
                    """))
            #expect(try wrong.int64(0, 0) == 0, "version \(version)")
        }
    }
}
