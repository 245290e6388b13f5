import Glibc
import PostgresClient
import StrictJSON
import TestSupport
import Testing

/// A database that is away: refusals in time, and recovery without a restart.
@Suite(.serialized) struct DatabaseAwayTests {
    @Test func `sessions that are ended are made anew, and nobody sees more than a refusal to try again`() throws {
        let deployment = try Deployment()
        let projector = try deployment.project()
        let gateway = try deployment.serve()
        let root = gateway.root
        let person = try root.account()
        let server = try TestCluster.connect()
        var stored: Int64 = 0
        for round in 0..<10 {
            try server.execute(
                script: """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = '\(deployment.database.name)' AND pid <> pg_backend_pid()
                    """)
            let headers = [("Idempotency-Key", "r\(round)")]
            let body: JSONValue = ["version": .integer(stored + 1), "data": "AAAA"]
            let isStored = try eventually {
                let response = try root.call("PUT", "\(person.path)/backup", body, headers: headers)
                if response.status == 503 {
                    #expect(response.slug == "unavailable" && response.header("Retry-After") != nil)
                    return false
                }
                #expect(response.status == 200, "\(response.text)")
                return true
            }
            #expect(isStored)
            stored += 1
        }
        server.close()
        #expect(try person.version() == stored + 1)
        #expect(projector.stop() == 0)
    }

    @Test func `a database that is away is told in time, and its return needs no restart`() throws {
        let deployment = try Deployment()
        let projector = try deployment.project()
        let gateway = try deployment.serve()
        let root = gateway.root
        let person = try root.account()
        let name = deployment.database.name
        let server = try TestCluster.connect()
        try server.execute(script: "ALTER DATABASE \(name) ALLOW_CONNECTIONS false")
        try server.execute(
            script: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'")
        #expect(try eventually { try root.call("GET", "/health/ready").status == 503 })
        #expect(try root.call("GET", "/health/live").status == 200)
        let requests: [(String, String, JSONValue?)] = [
            ("GET", person.path, nil), ("GET", "/v1/accounts", nil), ("GET", "/v1/head", nil),
            ("GET", "/v1/events", nil), ("GET", "/v1/me", nil), ("PATCH", person.path, ["profile": ["a": "b"]]),
            ("POST", "/v1/accounts", .object([:])), ("DELETE", person.path, nil),
            ("PUT", "\(person.path)/backup", ["version": 1, "data": "AAAA"]),
            (
                "PUT", "\(person.path)/backup",
                ["version": 1, "data": .string(String(repeating: "AAAA", count: 20_000))]
            ),
            ("PUT", "\(person.path)/password", ["new_password": "123456"]), ("GET", "/v1/projections", nil),
            ("GET", "/v1/spaces/x.example.org", nil), ("POST", "/v1/tokens", ["name": "nobody", "password": "123456"]),
        ]
        let outcomes = atOnce(requests.count) { index in
            let (method, path, body) = requests[index]
            return try root.call(method, path, body)
        }
        for (request, outcome) in zip(requests, outcomes) where request.1 != "/v1/me" {
            let response = try outcome.get()
            expectProblem(response, 503, "unavailable", "\(request.0) \(request.1)")
            #expect((response.header("Retry-After").flatMap { Int($0) } ?? 0) > 0)
        }
        try server.execute(script: "ALTER DATABASE \(name) ALLOW_CONNECTIONS true")
        server.close()
        #expect(try eventually { try root.call("GET", "/health/ready").status == 200 })
        #expect(try eventually { try root.call("PATCH", person.path, ["profile": ["a": "b"]]).status == 200 })
        #expect(try root.call("GET", person.path)["profile"] == ["a": "b"])
        #expect(gateway.process.status == nil && projector.status == nil, "the same processes")
        #expect(projector.stop() == 0)
    }

    @Test func `up starts its database again when it is killed`() throws {
        let service = try Service()
        let person = try service.root.account()
        let postmaster = try service.postmaster()
        kill(postmaster, SIGKILL)
        #expect(
            try eventually {
                try service.postmaster() != postmaster
                    && service.root.call("PATCH", person.path, ["profile": ["a": "b"]]).status == 200
            })
        #expect(try service.root.call("GET", person.path)["profile"] == ["a": "b"])
        #expect(service.process.stop() == 0)
    }
}
