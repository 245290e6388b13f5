import Foundation
import FoundationNetworking
import Testing

@Suite("The compose file's commands as plain processes")
struct ComposedProcessesTests {
    @Test(.timeLimit(.minutes(3)))
    func `they serve an account on the database that the secrets open, and end in order`() async throws {
        let file = try ComposeFile()
        let deployment = try await LocalDeployment()
        let database = try await deployment.startDatabase(try #require(file.services["postgres"]))
        try await expectPasswordsAreAsked(deployment, file)

        let migrate = try deployment.start(try file.service(running: "migrate"))
        #expect(try await migrate.status() == 0, "\(migrate.output)")
        let again = try deployment.start(try file.service(running: "migrate"))
        #expect(try await again.status() == 0, "\(again.output)")

        let serve = try file.service(running: "serve")
        let gateway = try deployment.start(serve)
        let projector = try deployment.start(try file.service(running: "project"))
        let check = [try Repository.executable()] + (try Dockerfile().healthcheck.dropFirst())
        let isHealthy = try await eventually {
            let answer = try? await PlainProcess.output(check, environment: deployment.environment(serve))
            return answer != nil || !gateway.isRunning
        }
        #expect(isHealthy && gateway.isRunning, "\(gateway.output)")
        #expect(try await call(deployment, "GET", "/health/ready").status == 200)

        let made = try await call(deployment, "POST", "/v1/accounts", #"{"name":"composed"}"#)
        #expect(made.status == 201)
        let id = try #require(made.body["id"] as? String)
        let found = try await call(deployment, "GET", "/v1/accounts/\(id)")
        #expect(found.status == 200 && found.body["name"] as? String == "composed")
        let isProjected = try await eventually { try await lags(deployment).allSatisfy { $0 == 0 } }
        #expect(isProjected, "\(projector.output)")

        #expect(try await projector.stop() == 0, "\(projector.output)")
        #expect(try await gateway.stop() == 0, "\(gateway.output)")
        #expect(try await database.stop() == 0, "\(database.output)")
        for secret in ["gateway_password", "projector_password", "master_key", "root_key"] {
            let text = try deployment.secret(secret)
            for process in [migrate, gateway, projector, database] { #expect(!process.output.contains(text)) }
        }
    }

    /// A role without its password gets nowhere, and the healthcheck of the compose file finds the database.
    private func expectPasswordsAreAsked(_ deployment: LocalDeployment, _ file: ComposeFile) async throws {
        let port = "\(deployment.databasePort)"
        let check = try #require(file.services["postgres"]?.healthcheck).dropFirst()
        try await PlainProcess.output(Array(check), environment: ["PGPORT": port])
        for role in ["postgres", "owner", "gateway", "projector"] {
            let login = ["psql", "--no-psqlrc", "--command=SELECT 1", "postgresql://\(role)@127.0.0.1:\(port)/ledger"]
            let password = try deployment.secret("\(role)_password")
            try await PlainProcess.output(login, environment: ["PGPASSWORD": password])
            await #expect(throws: DeploymentFailure.self) {
                try await PlainProcess.output(login, environment: ["PGPASSWORD": "postgres"])
            }
        }
    }

    private func lags(_ deployment: LocalDeployment) async throws -> [Int] {
        let answer = try await call(deployment, "GET", "/v1/projections")
        let items = try #require(answer.body["items"] as? [[String: Any]])
        return items.map { $0["lag_events"] as? Int ?? -1 }
    }

    /// A request with root's key.
    private func call(
        _ deployment: LocalDeployment, _ method: String, _ path: String, _ body: String? = nil
    ) async throws -> (status: Int, body: [String: Any]) {
        let url = try #require(URL(string: "http://127.0.0.1:\(deployment.gatewayPort)\(path)"))
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("Bearer \(try deployment.secret("root_key"))", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = body.map { Data($0.utf8) }
        let (data, response) = try await URLSession.shared.data(for: request)
        let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, object ?? [:])
    }
}
