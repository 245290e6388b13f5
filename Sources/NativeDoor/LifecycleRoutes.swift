import AccountDomain
import Accounts
import DoorKit

extension NativeDoor {
    func registerLifecycle(on routes: inout Routes) {
        routes.post("/v1/accounts/{id}/activate") { try await self.govern($0, .govern) { .activate(reason: $0) } }
        // Its owner may deactivate an account, but not activate it again.
        routes.post("/v1/accounts/{id}/deactivate") { try await self.govern($0, .change) { .deactivate(reason: $0) } }
        routes.post("/v1/accounts/{id}/block") { try await self.govern($0, .govern) { .block(reason: $0) } }
        routes.post("/v1/accounts/{id}/unblock") { try await self.govern($0, .govern) { .unblock(reason: $0) } }
    }

    private func govern(
        _ request: DoorRequest, _ act: AccessPolicy.Act, _ make: (Reason?) -> Lifecycle.Command
    ) async throws -> DoorResponse {
        try await command(request) { context in
            let id = try request.stream()
            let reason = try request.readIfAny { reader in reader.text("reason", as: Reason.self).value }
            return try await accountAnswer(
                id, try await service.execute(.lifecycle(make(reason)), on: id, act: act, context))
        }
    }
}
